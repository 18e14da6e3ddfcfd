/** `/users/:user/external`: accounts elsewhere. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { waitFor } from '../harness/servers.ts';
import { type ApiClient, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi({ fetch: { maxPerUser: 2 } });
});
after(() => api.close());

const account = { host: 'imap.example.com', username: 'ann@example.com', password: 'very secret' };

test('an account is made, shown without its password, changed, looked at, removed', async () => {
  const user = await api.user();
  const made = await api.post(`/users/${user}/external`, { ...account, keep: 'days', keepDays: 3 });
  assert.equal(made.status, 200);
  const path = `/users/${user}/external/${made.body.id}`;
  const { next, created, success: _success, ...shown } = (await api.get(path)).body;
  assert.ok(Date.parse(next) <= Date.now() && Date.parse(created) <= Date.now());
  assert.deepEqual(shown, {
    id: made.body.id,
    kind: 'imap',
    host: 'imap.example.com',
    port: 993,
    tls: 'implicit',
    verifyCertificate: true,
    username: 'ann@example.com',
    folder: 'INBOX',
    mailbox: null,
    keep: 'days',
    keepDays: 3,
    interval: 300,
    enabled: true,
    state: 'waiting',
    lastTry: null,
    lastSuccess: null,
    lastError: null,
    fetched: 0,
    refused: 0,
    lastRefusal: null,
  });
  const { results } = (await api.get(`/users/${user}/mailboxes`)).body;
  const mailbox = results.find((one: { path: string }) => one.path === 'Archive').id;
  assert.equal((await api.put(path, { mailbox, enabled: false, interval: 600 })).status, 200);
  assert.equal((await api.post(`${path}/fetch`)).status, 200);
  const [listed] = (await api.get(`/users/${user}/external`)).body.results;
  assert.deepEqual([listed.mailbox, listed.state, listed.interval, listed.host], [mailbox, 'off', 600, account.host]);
  assert.equal((await api.put(path, { mailbox: '' })).status, 200);
  assert.equal((await api.get(path)).body.mailbox, null);
  assert.equal((await api.delete(path)).status, 200);
  assert.deepEqual([(await api.get(path)).status, (await api.get(path)).body.code], [404, 'ExternalAccountNotFound']);
});

test('what can’t be is refused in words', async () => {
  const user = await api.user();
  const other = await api.user();
  const post = async (body: object): Promise<[number, string]> => {
    const answer = await api.post(`/users/${user}/external`, { ...account, ...body });
    return [answer.status, answer.body.code];
  };
  assert.deepEqual(await post({ host: 'a b' }), [400, 'InputValidationError']);
  assert.deepEqual(await post({ username: 'a\r\nDELE 1' }), [400, 'InputValidationError']);
  assert.deepEqual(await post({ kind: 'smtp' }), [400, 'InputValidationError']);
  assert.deepEqual(await post({ interval: 1 }), [400, 'InputValidationError']);
  assert.deepEqual(await post({ host: '127.0.0.1' }), [400, 'ExternalHostRefused']);
  assert.deepEqual(await post({ host: '192.168.1.1' }), [400, 'ExternalHostRefused']);
  assert.deepEqual(await post({ host: '::ffff:10.0.0.1' }), [400, 'ExternalHostRefused']);
  assert.deepEqual(await post({ mailbox: user }), [404, 'NoSuchMailbox']);
  assert.equal((await post({}))[0], 200);
  const { id } = (await api.post(`/users/${user}/external`, account)).body;
  assert.deepEqual(await post({}), [403, 'TooMany']);
  assert.equal((await api.get(`/users/${other}/external/${id}`)).status, 404);
  assert.equal((await api.put(`/users/${other}/external/${id}`, { enabled: false })).status, 404);
});

test('a user has his own; they go with the user', async () => {
  const user = await api.user({ username: 'own-external', password: 'verysecret' });
  const token = (await api.post('/authenticate', { username: 'own-external', password: 'verysecret', token: true })).body.token;
  const mine = api.as(token);
  const made = await mine.post('/users/me/external', account);
  assert.equal(made.status, 200);
  const other = await api.user();
  assert.equal((await mine.get(`/users/${other}/external`)).status, 403);
  await api.delete(`/users/${user}`);
  await waitFor(async () => (await api.store.external.list(user)).length === 0);
});
