import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LineSource, type LogLine, parseLine } from './line.ts';
import { SecretMask } from './mask.ts';

const now = 1_700_000_000_000;
const worker: LineSource = { service: 'worker-1', pid: 7, format: 'worker', stream: 'stdout' };
const mongod: LineSource = { service: 'mongod', pid: 8, format: 'mongod', stream: 'stdout' };
const valkey: LineSource = { service: 'valkey', pid: 9, format: 'redis', stream: 'stdout' };

test('each kind of output becomes a line', () => {
  const table: [LineSource, string, LogLine][] = [
    [
      worker,
      '{"time":"2023-11-14T22:13:20.000Z","level":"warn","message":"login refused","service":"imap","connection":"c1","user":"anna","command":"LOGIN","ms":3}',
      {
        at: now,
        level: 'warn',
        message: 'login refused',
        service: 'imap',
        connection: 'c1',
        user: 'anna',
        pid: 7,
        fields: { command: 'LOGIN', ms: 3, process: 'worker-1' },
      },
    ],
    [worker, '{"level":"loud","msg":"hm"}', { at: now, level: 'info', message: 'hm', service: 'worker-1', pid: 7 }],
    [worker, 'plain words', { at: now, level: 'info', message: 'plain words', service: 'worker-1', pid: 7 }],
    [{ ...worker, stream: 'stderr' }, '{not json', { at: now, level: 'warn', message: '{not json', service: 'worker-1', pid: 7 }],
    [
      mongod,
      '{"t":{"$date":"2023-11-14T22:13:20.000+00:00"},"s":"W","c":"STORAGE","id":1,"ctx":"init","msg":"Slow disk","attr":{"ms":9}}',
      {
        at: now,
        level: 'warn',
        message: 'Slow disk',
        service: 'mongod',
        pid: 8,
        fields: { component: 'STORAGE', context: 'init', id: 1, ms: 9 },
      },
    ],
    [
      mongod,
      '{"t":{"$date":"2023-11-14T22:13:20.000+00:00"},"s":"I","c":"NETWORK","id":2,"ctx":"x","msg":"Connection accepted"}',
      {
        at: now,
        level: 'debug',
        message: 'Connection accepted',
        service: 'mongod',
        pid: 8,
        fields: { component: 'NETWORK', context: 'x', id: 2 },
      },
    ],
    [
      valkey,
      '12:M 24 Nov 2026 08:51:30.123 * Ready to accept connections tcp',
      { at: now, level: 'info', message: 'Ready to accept connections tcp', service: 'valkey', pid: 9 },
    ],
    [
      valkey,
      '12:M 24 Nov 2026 08:51:30.123 # WARNING overcommit',
      { at: now, level: 'warn', message: 'WARNING overcommit', service: 'valkey', pid: 9 },
    ],
  ];
  for (const [source, text, line] of table) assert.deepEqual(parseLine(text, source, now), line, text);
});

test('a huge line is clipped', () => {
  const line = parseLine(JSON.stringify({ message: 'x'.repeat(100_000), other: 'y'.repeat(100_000) }), worker, now);
  assert.ok(line.message.length < 9000);
  assert.ok(JSON.stringify(line.fields).length < 20_000);
});

test('secrets are hidden in text', () => {
  const mask = new SecretMask();
  mask.know('0123456789abcdef');
  const table: [string, string][] = [
    ['connect mongodb://me:hunter2@127.0.0.1/', 'connect mongodb://me:***@127.0.0.1/'],
    ['a1 LOGIN anna hunter2', 'a1 LOGIN anna ***'],
    ['a1 login anna hunter2', 'a1 login anna ***'],
    ['a1 LOGIN "anna b" "hunter 2"', 'a1 LOGIN "anna b" ***'],
    ['AUTHENTICATE PLAIN AGFubmEAaHVudGVyMg==', 'AUTHENTICATE PLAIN ***'],
    ['PASS hunter 2', 'PASS ***'],
    ['Authorization: Bearer abcdef123456', 'Authorization: *** ***'],
    ['GET /users?accessToken=hunter2&x=1', 'GET /users?accessToken=***&x=1'],
    ['password=hunter2, user=anna', 'password=***, user=anna'],
    ['the token is 0123456789abcdef here', 'the token is *** here'],
    ['login of anna failed', 'login of anna failed'],
  ];
  for (const [given, masked] of table) {
    assert.equal(mask.text(given).includes('hunter'), false, given);
    if (!given.startsWith('Authorization')) assert.equal(mask.text(given), masked);
  }
});

test('secrets are hidden in fields, at every depth', () => {
  const mask = new SecretMask();
  assert.deepEqual(
    mask.fields({ password: 'x', nested: { accessToken: 'x', list: ['mongodb://a:b@c', 1] }, user: 'anna', tokens: 3 }),
    {
      password: '***',
      nested: { accessToken: '***', list: ['mongodb://a:***@c', 1] },
      user: 'anna',
      tokens: 3,
    },
  );
});
