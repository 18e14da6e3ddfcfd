/** `/settings` keys and users' limits have the effect that they say. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { RawImapClient } from '../harness/imap-client.ts';
import { type Api, startApi } from './api.ts';

let api: Api;
before(async () => {
  api = await startApi({ services: ['imap', 'pop3'] });
});

const message = (size: number): Buffer => Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(size)}\r\n`);

type Counted = { readonly allowed: number; readonly used: number; readonly ttl: number | false };

async function limitsOf(user: string): Promise<Record<string, Counted>> {
  return (await api.ok(`GET /users/${user}`))['limits'] as Record<string, Counted>;
}

test('what is stored and fetched by IMAP is counted, and limited where somebody set a limit', async () => {
  const { id, username, password } = await api.user({ imapMaxUpload: 6_000, imapMaxDownload: 9_000 });
  const client = await RawImapClient.login(api.worker.port('imap'), username, `"${password}"`);
  const said = async (command: string): Promise<string> => String((await client.command(command)).at(-1)).replace(/^\S+ /, '');
  const bytes = message(3_000);
  const append = (): Promise<string> => said(`APPEND INBOX {${bytes.length}+}\r\n${bytes.toString()}`);
  assert.match(await append(), /^OK/);
  assert.match(await append(), /^OK/);
  const uploaded = (await limitsOf(id))['imapUpload'];
  assert.deepEqual([uploaded?.allowed, uploaded?.used], [6_000, 2 * bytes.length]);
  assert.ok(Number(uploaded?.ttl) > 0);
  assert.match(await append(), /^NO \[LIMIT\]/);
  assert.match(await said('SELECT INBOX'), /^OK/);
  const fetchAll = (): Promise<string> => said('FETCH 1:* BODY.PEEK[]');
  assert.match(await fetchAll(), /^OK/);
  const fetched = Number((await limitsOf(id))['imapDownload']?.used);
  assert.ok(fetched > 2 * bytes.length && fetched < 2 * bytes.length + 500, String(fetched));
  assert.match(await fetchAll(), /^OK/);
  assert.match(await fetchAll(), /^NO \[LIMIT\]/);
  // A client goes on showing its list.
  assert.match(await said('FETCH 1:* (FLAGS ENVELOPE)'), /^OK/);
  client.socket.destroy();
});

test('what is fetched by POP3 is counted, and limited by the setting for all', async () => {
  const { id, username, password } = await api.user();
  const inbox = ((await api.ok(`GET /users/${id}/mailboxes`))['results'] as { id: string }[])[0]?.id;
  await api.call(`POST /users/${id}/mailboxes/${inbox}/messages`, {
    body: message(5_000),
    headers: { 'content-type': 'message/rfc822' },
  });
  await api.ok('POST /settings/const:max:pop3:download', { value: 11_000 });
  const socket = connect(api.worker.port('pop3'), '127.0.0.1');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  const ask = async (command: string): Promise<string> => {
    socket.write(`${command}\r\n`);
    return next();
  };
  const retrieve = async (): Promise<string> => {
    const first = await ask('RETR 1');
    if (first.startsWith('+OK')) for (let line = ''; line !== '.'; ) line = await next();
    return first;
  };
  await next();
  await ask(`USER ${username}`);
  await ask(`PASS ${password}`);
  assert.match(await retrieve(), /^\+OK/);
  assert.ok(Number((await limitsOf(id))['pop3Download']?.used) >= message(5_000).length);
  assert.match(await retrieve(), /^\+OK/);
  assert.match(await retrieve(), /^-ERR \[SYS\/TEMP\]/);
  socket.destroy();
});

test('mailboxes, application passwords and filters of a user', async () => {
  const { id } = await api.user();
  const count = ((await api.ok(`GET /users/${id}/mailboxes`))['results'] as unknown[]).length;
  await api.ok('POST /settings/const:max:mailboxes', { value: count + 1 });
  await api.ok('POST /settings/const:asp:limit', { value: 1 });
  await api.ok('POST /settings/const:max:filters', { value: 1 });
  const calls: readonly (readonly [string, (n: number) => object])[] = [
    [`POST /users/${id}/mailboxes`, (n) => ({ path: `box ${n}` })],
    [`POST /users/${id}/asps`, (n) => ({ description: `asp ${n}` })],
    [`POST /users/${id}/filters`, (n) => ({ query: { from: `x${n}` }, action: { seen: true } })],
  ];
  for (const [call, body] of calls) {
    await api.ok(call, body(1));
    assert.equal((await api.fails(call, 403, 'TooMany', { body: body(2) }))['code'], 'TooMany');
  }
});

test('wrong values are refused, and say why', async () => {
  for (const value of ['soon', '5m,,1h', '5 parsecs', '-1'])
    await api.fails('POST /settings/const:sender:defer_times', 400, 'InputValidationError', { body: { value } });
  await api.ok('POST /settings/const:sender:defer_times', { value: '5m, 15m, 1h' });
  assert.equal((await api.ok('GET /settings/const:sender:defer_times'))['value'], '5m, 15m, 1h');
  await api.fails('POST /settings/const:domaincache:enabled', 400, 'InputValidationError', { body: { value: true } });
});
