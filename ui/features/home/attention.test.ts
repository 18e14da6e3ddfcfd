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

test('what is watched: each at its limit, and nothing of what is not known', () => {
  const now = Date.parse(at);
  const found = (watched: object): (string | undefined)[] =>
    attentionOf(status({}), { now, ...watched }).map((item) => `${item.key} ${item.level}`);
  const day = 86_400_000;
  expect(found({})).toEqual([]);
  expect(found({ certificateEnds: new Date(now + 15 * day).toISOString() })).toEqual([]);
  expect(found({ certificateEnds: new Date(now + 13 * day).toISOString() })).toEqual(['certificate warn']);
  expect(found({ certificateEnds: new Date(now - 1).toISOString() })).toEqual(['certificate error']);
  expect(found({ disk: { freeBytes: 6 * 1024 ** 3, totalBytes: 1e12 }, diskDays: 20 })).toEqual(['diskDays warn']);
  expect(found({ disk: { freeBytes: 5e8, totalBytes: 1e12 }, diskDays: 2 })).toEqual(['diskLow error']);
  expect(found({ queueOldest: new Date(now - 5 * 3_600_000).toISOString() })).toEqual(['queueStuck warn']);
  expect(found({ queueOldest: new Date(now - 3_600_000).toISOString(), bans: 0 })).toEqual([]);
  expect(found({ queuePaused: '', bans: 2, openWithoutPassword: true })).toEqual([
    'queuePaused warn',
    'openWithoutPassword warn',
    'bans warn',
  ]);
});

test('the sentence', () => {
  expect(overallOf(status({}), 0)).toBe('working');
  expect(overallOf(status({}), 2)).toBe('attention');
  expect(overallOf(status({ state: 'starting' }), 2)).toBe('starting');
  expect(overallOf(status({ state: 'failed' }), 0)).toBe('down');
});
