import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeXtext, parseCommand, parsePathArgument } from './command.ts';
import { encodeReply, plainReply, reply } from './reply.ts';

test('verbs', () => {
  const table: readonly (readonly [string, unknown])[] = [
    ['noop', { verb: 'NOOP', argument: '' }],
    ['MAIL FROM:<a@b> ', { verb: 'MAIL', argument: 'FROM:<a@b>' }],
    ['mail  FROM:<a@b>', { verb: 'MAIL', argument: 'FROM:<a@b>' }],
    ['', { verb: '', argument: '' }],
  ];
  for (const [line, expected] of table) assert.deepEqual(parseCommand(Buffer.from(line)), expected);
  assert.equal(parseCommand(Buffer.from([0x4d, 0xff])), undefined);
});

test('paths and parameters', () => {
  const ok = (path: string, parameters: Record<string, string | undefined> = {}): unknown => ({
    path,
    parameters: new Map(Object.entries(parameters)),
  });
  const table: readonly (readonly [string, unknown])[] = [
    ['TO:<a@b.test>', ok('a@b.test')],
    ['to:<a@b.test>', ok('a@b.test')],
    ['TO: <a@b.test>', ok('a@b.test')],
    ['TO:a@b.test', ok('a@b.test')],
    ['TO:a@b.test NOTIFY=NEVER', ok('a@b.test', { NOTIFY: 'NEVER' })],
    ['TO:<>', ok('')],
    ['TO:<postmaster>', ok('postmaster')],
    ['TO:<@x.test,@y.test:a@b.test>', ok('a@b.test')],
    ['TO:<"a b"@c.test>', ok('"a b"@c.test')],
    ['TO:<"a>b"@c.test>', ok('"a>b"@c.test')],
    ['TO:<"a\\"b@x"@c.test>', ok('"a\\"b@x"@c.test')],
    ['TO:<a@[127.0.0.1]>', ok('a@[127.0.0.1]')],
    ['TO:<андрис@уайлддак.орг> SMTPUTF8', ok('андрис@уайлддак.орг', { SMTPUTF8: undefined })],
    ['TO:<a@b> notify=success,failure ORCPT=rfc822;a@b', ok('a@b', { NOTIFY: 'success,failure', ORCPT: 'rfc822;a@b' })],
    ['TO:<a@b> X=1=2', ok('a@b', { X: '1=2' })],
    ['TO:<a@b>  SIZE=1  ', ok('a@b', { SIZE: '1' })],
    ['TO:', 'syntax'],
    ['FROM:<a@b>', 'syntax'],
    ['TO<a@b>', 'syntax'],
    ['TO:<a@b', 'syntax'],
    ['TO:<a@b>>', 'syntax'],
    ['TO:<a@b>x', 'syntax'],
    ['TO:<a b@c>', 'syntax'],
    ['TO:<a@b@c>', 'syntax'],
    ['TO:<a@b,c@d>', 'syntax'],
    ['TO:<a@b> =1', 'parameter-syntax'],
    ['TO:<a@b> A=', 'parameter-syntax'],
    ['TO:<a@b> A=1 a=2', 'parameter-twice'],
    [`TO:<${'a'.repeat(1000)}@b>`, 'path-too-long'],
  ];
  for (const [argument, expected] of table) assert.deepEqual(parsePathArgument(argument, 'TO'), expected, argument);
});

test('xtext', () => {
  assert.deepEqual(['a+2Bb', 'plain', '+2', 'a b', '+3D'].map(decodeXtext), ['a+b', 'plain', undefined, undefined, '=']);
});

test('replies never break their line', () => {
  assert.equal(encodeReply(reply(250, '2.1.0', 'A\r\n250 B'), true), '250 2.1.0 A 250 B\r\n');
  assert.equal(encodeReply(plainReply(250, ['one', 'two', 'три']), false), '250-one\r\n250-two\r\n250 ???\r\n');
  assert.equal(encodeReply(reply(550, '5.1.1', ['x', 'y']), false), '550-5.1.1 x\r\n550 5.1.1 y\r\n');
});
