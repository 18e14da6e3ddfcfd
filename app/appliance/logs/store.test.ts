import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { LogLine } from './line.ts';
import { type LogFilter, LogStore, type LogStoreOptions, type StoredLine } from './store.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-logs-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const day = 86_400_000;
let count = 0;
function open(options: Partial<LogStoreOptions> = {}): LogStore {
  count += 1;
  return new LogStore({
    file: path.join(folder, `${count}.sqlite`),
    limits: { maxBytes: 1 << 30, maxAgeMs: 30 * day },
    level: 'debug',
    ...options,
  });
}
const line = (message: string, more: Partial<LogLine> = {}): LogLine => ({
  at: Date.now(),
  level: 'info',
  service: 'imap',
  message,
  ...more,
});

test('lines are found by level, service, user, connection, text and time', async () => {
  const store = open();
  const at = Date.now();
  store.append(line('one', { at: at - 2000, level: 'debug' }));
  store.append(line('two', { at: at - 1000, service: 'worker-1', user: 'anna' }));
  store.append(line('three 100% sure', { at, level: 'error', connection: 'c7', fields: { reply: '452 4.2.2' } }));
  store.append(line('four', { at: at + 1, service: 'worker-12', level: 'warn' }));
  const table: [LogFilter, string[]][] = [
    [{}, ['four', 'three 100% sure', 'two', 'one']],
    [{ level: 'warn' }, ['four', 'three 100% sure']],
    [{ services: ['worker'] }, ['four', 'two']],
    [{ services: ['worker-1'] }, ['two']],
    [{ services: ['imap', 'worker-1'] }, ['three 100% sure', 'two', 'one']],
    [{ user: 'anna' }, ['two']],
    [{ connection: 'c7' }, ['three 100% sure']],
    [{ text: '4.2.2' }, ['three 100% sure']],
    [{ text: '0%' }, ['three 100% sure']],
    [{ text: 'TWO' }, ['two']],
    [{ text: 'anna' }, ['two']],
    [{ text: 't_o' }, []],
    [{ from: at - 1000, to: at }, ['three 100% sure', 'two']],
  ];
  for (const [filter, messages] of table) {
    const found = await store.query({ ...filter, limit: 100 });
    assert.deepEqual(
      found.lines.map((each) => each.message),
      messages,
      JSON.stringify(filter),
    );
  }
  store.close();
});

test('following gives the same lines as searching', async () => {
  const store = open({ flushMs: 1 });
  const filters: LogFilter[] = [
    { level: 'warn' },
    { services: ['worker'] },
    { text: 'four' },
    { text: 'FOUR', services: ['worker'] },
    { user: 'anna' },
  ];
  const heard = filters.map((filter) => {
    const lines: StoredLine[] = [];
    store.follow(filter, (more) => lines.push(...more));
    return lines;
  });
  for (let i = 0; i < 1200; i += 1) {
    store.append(
      line(i % 3 === 0 ? `four ${i}` : 'x', {
        service: i % 2 ? 'worker-2' : 'imap',
        level: i % 5 ? 'info' : 'warn',
        ...(i % 7 ? {} : { user: 'anna' }),
      }),
    );
  }
  store.flush();
  for (const [index, filter] of filters.entries()) {
    const found = await store.query({ ...filter, limit: 5000 });
    assert.deepEqual(heard[index], found.lines.reverse(), JSON.stringify(filter));
    assert.ok(found.lines.length > 0);
  }
  store.close();
});

test('pages join to the whole, across slices', async () => {
  const store = open();
  for (let i = 0; i < 45_000; i += 1) store.append(line(i % 1000 === 0 ? `needle ${i}` : 'hay'));
  const messages: string[] = [];
  let before: number | undefined;
  do {
    const page = await store.query({ text: 'needle', limit: 7, ...(before === undefined ? {} : { before }) });
    messages.push(...page.lines.map((each) => each.message));
    before = page.next;
  } while (before !== undefined);
  assert.deepEqual(
    messages,
    Array.from({ length: 45 }, (_, i) => `needle ${(44 - i) * 1000}`),
  );
  store.close();
});

test('the log stays within its size and age, oldest first', async () => {
  let now = Date.now();
  const store = open({ limits: { maxBytes: 400_000, maxAgeMs: 30 * day }, now: () => now });
  for (let i = 0; i < 5000; i += 1) store.append(line(`${i} ${'x'.repeat(200)}`, { at: now }));
  store.flush();
  assert.ok(store.sizeBytes() <= 440_000, `${store.sizeBytes()} bytes`);
  const kept = await store.query({ limit: 5000 });
  assert.match(kept.lines[0]?.message ?? '', /^4999 /);
  assert.ok(kept.lines.length > 200 && kept.lines.length < 5000);
  now += 31 * day;
  store.prune();
  assert.deepEqual((await store.query({ limit: 10 })).lines, []);
  store.close();
});

test('the level says what is kept, and secrets are not', async () => {
  const store = open({ level: 'warn' });
  store.append(line('quiet'));
  store.append(line('LOGIN anna hunter2', { level: 'warn', fields: { password: 'hunter2' } }));
  store.setLevel('debug');
  store.append(line('detail', { level: 'debug' }));
  const { lines } = await store.query({ limit: 10 });
  assert.deepEqual(
    lines.map((each) => [each.message, each.fields]),
    [
      ['detail', undefined],
      ['LOGIN anna ***', { password: '***' }],
    ],
  );
  store.close();
});

test('tail gives the last lines of one service in order', () => {
  const store = open();
  for (const message of ['a', 'b', 'c']) store.append(line(message, { service: 'mongod' }));
  store.append(line('other'));
  assert.deepEqual(
    store.tail('mongod', 2).map((each) => each.message),
    ['b', 'c'],
  );
  store.close();
});
