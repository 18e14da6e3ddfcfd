import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { envelopeFrom } from '../harness/envelopes.ts';
import { startApi, type ApiClient } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

const content = { content: '0123456789abcdef01234567' as never };
const enqueue = async (domain: string): Promise<string> => {
  const envelope = { ...envelopeFrom('ann@mail.test', { subject: `For ${domain}` }), sizeBytes: 10 };
  const recipients = [{ address: `you@${domain}` }];
  const { entries } = await api.store.queue.enqueue(envelope, [{ destination: domain, recipients }], content, {
    now: new Date(),
  });
  return entries[0] ?? '';
};

test('the queue is listed, searched and looked into', async () => {
  const one = await enqueue('one.test');
  await enqueue('two.test');
  const list = await api.get('/queue', { search: 'one' });
  assert.deepEqual([list.status, list.body.total, list.body.results[0].id], [200, 1, one]);
  const { body } = await api.get(`/queue/${one}`);
  assert.deepEqual(
    [body.from, body.recipients, body.destination, body.subject, body.state, body.attempts],
    ['ann@mail.test', ['you@one.test'], 'one.test', 'For one.test', 'queued', 0],
  );
  assert.equal((await api.get('/queue', { limit: 1 })).body.results.length, 1);
  assert.equal((await api.get('/queue', { state: 'lost' })).status, 400);
  assert.equal((await api.get(`/queue/${'0'.repeat(24)}`)).body.code, 'NoSuchQueueEntry');
});

test('entries are held, released, re-routed, returned and deleted', async () => {
  const entry = await enqueue('three.test');
  const state = async (): Promise<string> => (await api.get(`/queue/${entry}`)).body.state;
  assert.equal((await api.put(`/queue/${entry}`, { action: 'hold' })).status, 200);
  assert.equal(await state(), 'held');
  await api.put(`/queue/${entry}`, { action: 'release' });
  assert.equal(await state(), 'queued');
  await api.put(`/queue/${entry}`, { route: 'relay.test:2525' });
  assert.deepEqual((await api.get(`/queue/${entry}`)).body.route, { host: 'relay.test', port: 2525 });
  await api.put(`/queue/${entry}`, { route: '' });
  assert.equal((await api.get(`/queue/${entry}`)).body.route, undefined);
  assert.equal((await api.put(`/queue/${entry}`, { route: 'no way' })).status, 400);
  assert.equal((await api.put(`/queue/${entry}`, {})).status, 400);
  await api.put(`/queue/${entry}`, { action: 'return', reason: 'Not today' });
  assert.equal((await api.get(`/queue/${entry}`)).body.returning, 'Not today');
  const held = await api.store.queue.lease({ now: new Date(), leaseMs: 60_000, exclude: ['one.test', 'two.test'] });
  assert.equal(held?.id, entry);
  assert.equal((await api.put(`/queue/${entry}`, { action: 'retry' })).body.code, 'ChangeNotAllowed');
  assert.equal(await state(), 'sending');
  assert.equal((await api.delete(`/queue/${entry}`)).status, 200);
  assert.equal((await api.delete(`/queue/${entry}`)).status, 404);
});

test('outgoing mail is paused and resumed', async () => {
  await api.put('/queue/status', { paused: true, reason: 'moving house' });
  const { body } = await api.get('/queue/status');
  assert.deepEqual([body.paused.reason, body.mode, typeof body.queued], ['moving house', 'direct', 'number']);
  await api.put('/queue/status', { paused: false });
  assert.equal((await api.get('/queue/status')).body.paused, undefined);
});

test('traces are found and read', async () => {
  await api.store.flow.trace.add(
    [
      {
        transaction: 'abc123',
        at: new Date(),
        facts: { from: 'ann@mail.test', to: ['you@one.test'], subject: 'Hello' },
        keys: ['ann@mail.test', 'you@one.test', 'one.test'],
        steps: [{ at: new Date(), kind: 'attempt', outcome: 'sent', text: '250 ok' }],
      },
    ],
    60_000,
  );
  const { body } = await api.get('/trace', { address: 'you@one.test', subject: 'hel' });
  assert.deepEqual([body.total, body.results[0].transaction, body.results[0].steps[0].text], [1, 'abc123', '250 ok']);
  assert.equal((await api.get('/trace', { address: 'nobody@one.test' })).body.total, 0);
  assert.equal((await api.get('/trace/abc123')).body.subject, 'Hello');
  assert.equal((await api.get('/trace/unknown')).status, 404);
});

test('only administrators see them', async () => {
  assert.equal((await api.as(undefined).get('/queue')).status, 403);
  assert.equal((await api.as(undefined).get('/trace')).status, 403);
});
