/** Web hooks: made and deleted by the API; events come signed, and come again until they are taken. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { waitFor } from '../harness/wait-for.ts';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
let url: string;
const got: { headers: IncomingHttpHeaders; body: string }[] = [];
let answer = 200;
const receiver = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (piece: string) => (body += piece));
  request.on('end', () => {
    got.push({ headers: request.headers, body });
    response.writeHead(answer).end();
  });
});

before(async () => {
  api = await startApi();
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
after(async () => {
  await api.close();
  receiver.closeAllConnections();
  receiver.close();
});

const events = (): Body[] => got.map((one) => JSON.parse(one.body));

test('hooks are listed, and deleted ones are gone', async () => {
  const user = await api.user();
  const made = await api.post('/webhooks', { type: ['User.Created', 'mailbox.*'], user, url: 'https://example.com/x' });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { id } = made.body;
  const list = (await api.get('/webhooks', { user })).body;
  assert.deepEqual(list.results, [{ id, type: ['user.created', 'mailbox.*'], user, url: 'https://example.com/x' }]);
  assert.equal((await api.get('/webhooks', { type: 'mailbox.*' })).body.total, 1);
  assert.deepEqual((await api.delete(`/webhooks/${id}`)).body, { success: true });
  assert.deepEqual(codeOf(await api.delete(`/webhooks/${id}`)), [404, 'WebhookNotFound']);
  for (const body of [
    {},
    { type: [], url },
    { type: ['x'], url: 'ftp://x' },
    { type: ['x'], url: 'nonsense' },
    { type: ['x'.repeat(200)], url },
  ])
    assert.deepEqual(codeOf(await api.post('/webhooks', body)), [400, 'InputValidationError'], JSON.stringify(body));
  assert.deepEqual(codeOf(await api.post('/webhooks', { type: ['*'], url, user: 'a'.repeat(24) })), [404, 'UserNotFound']);
});

test('an event is signed, and is sent again until it is taken', async () => {
  const { id } = (await api.post('/webhooks', { type: ['user.*'], url })).body;
  answer = 500;
  api.store.webhooks.start();
  const user = await api.user({ username: 'hooked', password: 'a secret that stays' });
  await waitFor(() => got.length === 1);
  const [first] = got;
  const { time, ...event } = JSON.parse(first!.body);
  assert.ok(Math.abs(time - Date.now()) < 60_000);
  assert.deepEqual({ ...event, id: '' }, { id: '', ev: 'user.created', user, username: 'hooked' });
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(first!.headers['x-mallard-signature']))!;
  const secret = await api.store.secrets.get('webhooks');
  assert.equal(v1, createHmac('sha256', secret).update(`${t}.${first!.body}`).digest('hex'));
  answer = 200;
  await waitFor(() => got.length === 2, { timeoutMs: 20_000 });
  assert.equal(got[1]!.body, first!.body, 'the same bytes again');
  await api.put(`/users/${user}`, { password: 'another secret' });
  await waitFor(() => got.length === 3);
  assert.deepEqual([events()[2].ev, got[2]!.body.includes('secret')], ['user.password.changed', false]);
  await api.post(`/users/${user}/mailboxes`, { path: 'Silent' });
  await api.store.webhooks.settled();
  await api.delete(`/webhooks/${id}`);
  assert.equal(got.length, 3, 'nobody asked for mailboxes');
});

function codeOf(one: { readonly status: number; readonly body: Body }): unknown[] {
  return [one.status, one.body.code];
}
