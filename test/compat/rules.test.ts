/** Filters and automatic replies over the HTTP API. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
let user: string;
let inbox: string;

before(async () => {
  api = await startApi();
  user = await api.user();
  inbox = (await api.get(`/users/${user}/mailboxes`)).body.results[0].id;
});
after(() => api.close());

test('a filter: made, listed in words, read, changed, deleted', async () => {
  const filter = {
    name: 'Work',
    query: { from: 'boss@example.org', ha: 'yes', size: -1000 },
    action: { mailbox: inbox, seen: true, targets: ['other@example.net'] },
    metaData: { a: 1 },
  };
  const made = await api.post(`/users/${user}/filters`, filter);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { id } = made.body;
  const list = (await api.get(`/users/${user}/filters`, { metaData: true })).body;
  assert.equal(list.limits.used, 1);
  const { created, ...listed } = list.results[0];
  assert.ok(Date.parse(created) > 0);
  assert.deepEqual(listed, {
    id,
    name: 'Work',
    query: [['from', '(boss@example.org)'], ['has attachment'], ['smaller', '1000 bytes']],
    action: [['mark as read'], ['move to folder', '"INBOX"'], ['forward to', 'other@example.net']],
    disabled: false,
    metaData: { a: 1 },
  });
  assert.deepEqual(
    (await api.put(`/users/${user}/filters/${id}`, { query: { from: '', subject: 'report' }, action: { seen: '' }, disabled: 1 }))
      .body,
    { success: true },
  );
  const read = (await api.get(`/users/${user}/filters/${id}`)).body;
  assert.deepEqual(
    [read.query, read.action, read.disabled, read.name],
    [{ subject: 'report', ha: true, size: -1000 }, { mailbox: inbox, targets: ['other@example.net'] }, true, 'Work'],
  );
  const all = (await api.get('/filters', { forward: 'other@' })).body;
  assert.deepEqual([all.total, all.results[0].user, all.results[0].targets], [1, user, ['other@example.net']]);
  assert.deepEqual((await api.delete(`/users/${user}/filters/${id}`)).body, { success: true });
  assert.deepEqual(codeOf(await api.get(`/users/${user}/filters/${id}`)), [404, 'FilterNotFound']);
});

test('filters that can not be', async () => {
  const path = `/users/${user}/filters`;
  const table: readonly (readonly [object, number, string])[] = [
    [{}, 400, 'InputValidationError'],
    [{ query: {}, action: { seen: true } }, 400, 'InputValidationError'],
    [{ query: { from: 'x' }, action: {} }, 400, 'InputValidationError'],
    [{ query: { from: 'x'.repeat(300) }, action: { seen: true } }, 400, 'InputValidationError'],
    [{ query: { from: 'x' }, action: { seen: 'maybe' } }, 400, 'InputValidationError'],
    [{ query: { from: 'x' }, action: { targets: ['nonsense'] } }, 400, 'InputValidationError'],
    [{ query: { from: 'x' }, action: { mailbox: 'a'.repeat(24) } }, 404, 'NoSuchMailbox'],
  ];
  for (const [body, status, code] of table)
    assert.deepEqual(codeOf(await api.post(path, body)), [status, code], JSON.stringify(body));
  const few = await api.user({ filters: 1 });
  const filter = { query: { from: 'x' }, action: { seen: true } };
  assert.equal((await api.post(`/users/${few}/filters`, filter)).status, 200);
  assert.deepEqual(codeOf(await api.post(`/users/${few}/filters`, filter)), [403, 'TooMany']);
  assert.deepEqual(codeOf(await api.post(`/users/${'b'.repeat(24)}/filters`, filter)), [404, 'UserNotFound']);
  const form = await api.post(
    path,
    `query=${encodeURIComponent('{"text":"in a form"}')}&action=${encodeURIComponent('{"flag":true}')}`,
    {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
  );
  assert.equal(form.status, 200, JSON.stringify(form.body));
});

test('an automatic reply: none, set, changed in part, shown on the user, deleted', async () => {
  const path = `/users/${user}/autoreply`;
  const none = {
    success: true,
    status: false,
    name: '',
    subject: '',
    text: '',
    html: '',
  };
  assert.deepEqual((await api.get(path)).body, none);
  const put = await api.put(path, {
    status: true,
    name: 'Anna',
    subject: 'Away',
    text: 'Back soon',
    start: '2026-12-01T00:00:00.000Z',
  });
  assert.match(put.body.id, /^[0-9a-f]{24}$/);
  await api.put(path, { text: '', end: '2026-12-24T00:00:00.000Z' });
  const { created, ...set } = (await api.get(path)).body;
  assert.ok(Date.parse(created) > 0);
  assert.deepEqual(set, {
    success: true,
    status: true,
    name: 'Anna',
    subject: 'Away',
    text: '',
    html: '',
    start: '2026-12-01T00:00:00.000Z',
    end: '2026-12-24T00:00:00.000Z',
  });
  await api.put(path, { start: false });
  assert.equal((await api.get(path)).body.start, undefined);
  assert.equal((await api.get(`/users/${user}`)).body.autoreply, true);
  assert.deepEqual((await api.delete(path)).body, { success: true });
  assert.deepEqual((await api.get(path)).body, none);
  assert.equal((await api.get(`/users/${user}`)).body.autoreply, false);
  assert.deepEqual(codeOf(await api.put(path, { start: 'someday' })), [400, 'InputValidationError']);
  assert.deepEqual(codeOf(await api.get(`/users/${'b'.repeat(24)}/autoreply`)), [404, 'UserNotFound']);
});

function codeOf(answer: { readonly status: number; readonly body: Body }): unknown[] {
  return [answer.status, answer.body.code];
}
