import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

test('a distribution list is made, read, changed and deleted', async () => {
  const { status, body } = await api.post('/lists', {
    address: 'news@example.com',
    name: 'News',
    members: ['a@example.com', 'b@there.test'],
    posting: 'members',
    moderators: ['boss@example.com'],
  });
  assert.equal(status, 200, JSON.stringify(body));
  const id = String(body.id);
  assert.deepEqual((await api.put(`/lists/${id}`, { add: ['c@there.test'], remove: ['B@there.test'], moderated: true })).body, {
    success: true,
  });
  const { created: _created, ...found } = (await api.get(`/lists/${id}`)).body;
  assert.deepEqual(found, {
    success: true,
    id,
    name: 'News',
    address: 'news@example.com',
    members: ['a@example.com', 'c@there.test'],
    posting: 'members',
    moderated: true,
    moderators: ['boss@example.com'],
    disabled: false,
  });
  const listed = (await api.get('/lists', { query: 'news' })).body;
  assert.deepEqual([listed.total, listed.results[0].members], [1, 2]);
  assert.deepEqual((await api.delete(`/lists/${id}`)).body, { success: true });
  assert.equal((await api.get(`/lists/${id}`)).body.code, 'AddressNotFound');
});

test('a list needs a moderator, and a forwarding address is none', async () => {
  const without = await api.post('/lists', { address: 'x@example.com', moderators: [''] });
  assert.equal(without.body.code, 'InputValidationError');
  const { body } = await api.post('/addresses/forwarded', { address: 'fwd@example.com', targets: ['a@there.test'] });
  assert.equal((await api.get(`/lists/${body.id}`)).body.code, 'AddressNotFound');
});

test('posts that wait are listed and decided', async () => {
  const { body } = await api.post('/lists', {
    address: 'm@example.com',
    members: [],
    moderated: true,
    moderators: ['boss@example.com'],
  });
  const { queue } = api.outgoing;
  const envelope = {
    from: 'ann@there.test',
    transactionId: 'held1',
    body: '7BIT',
    smtpUtf8: false,
    requireTls: false,
    messageId: '<1@there.test>',
    subject: 'May I?',
  } as const;
  const now = new Date();
  for (const subject of ['one', 'two', 'three'])
    await queue.enqueue(
      { ...envelope, subject },
      [{ destination: 'local', recipients: [{ address: 'm@example.com' }], list: String(body.id) }],
      Buffer.from('Subject: x\r\n\r\n'),
      { now },
    );
  for (let taken = 0; taken < 3; taken += 1) {
    const entry = await queue.lease({ now, leaseMs: 60_000 });
    assert.ok(entry);
    assert.ok(await queue.holdForModerator(entry, { at: now, server: '', text: 'Waits' }));
  }
  const held = (await api.get(`/lists/${body.id}/held`)).body;
  assert.equal(held.total, 3);
  const [one, two, three] = held.results.map((post: { id: string }) => post.id);
  const decide = (post: string, fields: object) => api.put(`/lists/${body.id}/held/${post}`, fields);
  assert.equal((await decide(one, { action: 'approve' })).body.success, true);
  assert.equal((await decide(two, { action: 'refuse', reason: 'No' })).body.success, true);
  assert.equal((await decide(three, { action: 'discard' })).body.success, true);
  assert.equal((await decide(three, { action: 'approve' })).body.code, 'NoSuchQueueEntry');
  assert.equal((await queue.get(one))?.approved, 'the administration');
  assert.equal((await queue.get(two))?.giveUp, 'No');
  assert.equal(await queue.get(three), undefined);
  for (const id of [one, two]) await queue.remove(id);
});
