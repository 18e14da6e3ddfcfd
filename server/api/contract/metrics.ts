/** `/metrics`. */
import { any, define } from './route.ts';

export const metrics = {
  text: define('GET /metrics', {
    operation: 'getMetrics',
    group: 'Health',
    summary: 'Numbers of this worker in Prometheus’ text form',
    access: any('metrics:read'),
    input: {},
    output: undefined,
    produces: 'text/plain',
  }),
};
