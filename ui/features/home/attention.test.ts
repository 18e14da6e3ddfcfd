import { expect, test } from 'vitest';
import type { Service, Status } from '../../../app/appliance/control/contract.ts';
import { attentionOf, overallOf } from './attention.ts';

const at = '2026-11-24T10:00:00.000Z';
const service = (name: string, state: Service['state']): Service => ({
  name,
  state,
  pid: null,
  port: null,
  version: null,
  rssBytes: null,
  since: at,
  restarts: 0,
  kind: 'worker',
  external: false,
});
const status = (part: Partial<Status>): Status => ({
  state: 'running',
  version: '1',
  dataDir: '/d',
  gui: null,
  api: null,
  services: [],
  endpoints: {},
  pid: 1,
  rssBytes: 1,
  since: at,
  notices: [],
  ...part,
});

test('errors come first; what runs and what is only information is left out', () => {
  const found = attentionOf(
    status({
      services: [service('a', 'ready'), service('b', 'backoff'), service('c', 'failed'), service('d', 'stopped')],
      notices: [
        { level: 'info', message: 'port 10143', at },
        { level: 'error', message: 'the log cannot be written', at },
      ],
    }),
  );
  expect(found.map(({ key, level }) => [key.split(' ').at(-1), level])).toEqual([
    ['c', 'error'],
    ['written', 'error'],
    ['b', 'warn'],
    ['d', 'warn'],
  ]);
});

test('the sentence', () => {
  expect(overallOf(status({}), 0)).toBe('working');
  expect(overallOf(status({}), 2)).toBe('attention');
  expect(overallOf(status({ state: 'starting' }), 2)).toBe('starting');
  expect(overallOf(status({ state: 'failed' }), 0)).toBe('down');
});
