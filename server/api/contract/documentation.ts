/** The API's description of itself. */
import { define } from './route.ts';

export const documentation = {
  document: define('GET /openapi.json', {
    operation: 'getOpenApi',
    group: 'Documentation',
    summary: 'This API as an OpenAPI document',
    access: 'open',
    input: {},
    output: undefined,
    produces: 'application/json',
  }),
  page: define('GET /docs', {
    operation: 'getDocumentation',
    group: 'Documentation',
    summary: 'This API as a page to read',
    access: 'open',
    input: {},
    output: undefined,
    produces: 'text/html',
  }),
};
