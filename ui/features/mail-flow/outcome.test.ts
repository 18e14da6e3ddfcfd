import { expect, test } from 'vitest';
import { searchOf, type TraceStep } from './api.ts';
import { outcomeOf } from './outcome.ts';

const at = '2026-11-24T10:00:00.000Z';
const step = (kind: string, more: Partial<TraceStep> = {}): TraceStep => ({ at, kind, ...more });

test.each<[string, TraceStep[]]>([
  ['arrived', [step('accepted'), step('delivered', { to: 'a@x', outcome: 'delivered' })]],
  ['waiting', [step('accepted'), step('queued', { to: ['a@x'] })]],
  ['waiting', [step('queued', { to: ['a@x'] }), step('attempt', { to: 'a@x', outcome: 'deferred' })]],
  [
    'sent',
    [
      step('queued', { to: ['a@x'] }),
      step('attempt', { to: 'a@x', outcome: 'deferred' }),
      step('attempt', { to: 'a@x', outcome: 'sent' }),
    ],
  ],
  [
    'failed',
    [step('attempt', { to: 'b@y', outcome: 'failed' }), step('delivered', { to: 'a@x', outcome: 'delivered' }), step('notice')],
  ],
  ['arrived', [step('accepted'), step('delivered', { to: 'a@x', outcome: 'redirected' })]],
  ['refused', [step('refused', { to: ['a@x'] })]],
  ['failed', [step('delivered', { to: 'a@x', outcome: 'over-quota' })]],
])('%s', (outcome, steps) => {
  expect(outcomeOf({ steps })).toBe(outcome);
});

test.each([
  ['anna@example.org', { address: 'anna@example.org' }],
  ['<abc@host>', { messageId: '<abc@host>' }],
  ['192.168.1.20', { remote: '192.168.1.20' }],
  ['45a2e79ba5c144e45f', { queueId: '45a2e79ba5c144e45f' }],
  ['the invoice', { subject: 'the invoice' }],
  ['  ', {}],
])('%s is searched as %o', (text, query) => {
  expect(searchOf(text)).toEqual(query);
});
