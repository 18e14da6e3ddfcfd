/** Numbers for Prometheus: this worker's process, its calls, and the queue that all workers share. */
import type { Registry } from 'prom-client';
import { metrics } from '../contract/metrics.ts';
import { type ApiContext, type Route, rawRoute } from '../context.ts';
import { type CallMeter, gauge } from '../meter.ts';

export function metricRoutes({ store }: ApiContext, meter: CallMeter): Route[] {
  let registry: Promise<Registry> | undefined;
  return [
    rawRoute(metrics.text, async ({ reply }) => {
      registry ??= processNumbers();
      const [process, queue, users] = await Promise.all([
        registry.then((one) => one.metrics()),
        store.queue.tally(new Date()),
        store.accounts.context.tables.users.count({}),
      ]);
      const queued = Object.entries(queue)
        .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
        .map(([state, value]) =>
          gauge(`mallard_queue_${state.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`, 'Outgoing mail.', value),
        );
      await reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .send([process, meter.text(), gauge('mallard_users', 'Users.', users), ...queued].join(''));
    }),
  ];
}

/** Loaded when somebody scrapes. */
async function processNumbers(): Promise<Registry> {
  const { Registry: Numbers, collectDefaultMetrics } = await import('prom-client');
  const register = new Numbers();
  collectDefaultMetrics({ register });
  return register;
}
