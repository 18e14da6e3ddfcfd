/** User records go out of one installation and into another. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, startApi } from './api-kit.ts';

let from: ApiClient;
let to: ApiClient;
before(async () => {
  from = await startApi();
  to = await startApi();
});
after(async () => {
  await from.close();
  await to.close();
});

const exporter = async (api: ApiClient): Promise<ApiClient> => api.as((await api.post('/tokens', { role: 'export' })).body.token);
const octets = { headers: { 'content-type': 'application/octet-stream' } };

test('users come with passwords, addresses, filters and tags; those who are there stay', async () => {
  const anna = await from.user({
    username: 'anna',
    address: 'anna@moving.example',
    tags: ['Moving'],
    password: 'a secret to keep',
    quota: 1234567,
  });
  await from.user({ username: 'stays', address: 'stays@moving.example' });
  await from.post(`/users/${anna}/addresses`, { address: 'alias@moving.example' });
  await from.post(`/users/${anna}/filters`, { query: { from: 'x' }, action: { seen: true } });
  await from.put(`/users/${anna}/autoreply`, { status: true, text: 'away' });
  const dump = await (await exporter(from)).post('/data/export', { tags: ['moving'] });
  assert.equal(dump.status, 200);
  assert.ok(!dump.bytes.toString().includes('a secret to keep'));

  const importer = await exporter(to);
  const first = await importer.post('/data/import', dump.bytes, octets);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.deepEqual(first.body.result, { entries: 5, imported: 5, failed: 0, existing: 0 });
  assert.equal(
    (await to.post('/authenticate', { username: 'alias@moving.example', password: 'a secret to keep' })).body.id,
    anna,
  );
  const user = (await to.get(`/users/${anna}`)).body;
  assert.deepEqual([user.limits.quota.allowed, user.tags, user.autoreply], [1234567, ['Moving'], true]);
  assert.equal((await to.get(`/users/${anna}/mailboxes`)).body.results[0].path, 'INBOX');
  assert.equal((await to.get(`/users/${anna}/filters`)).body.results.length, 1);
  const again = await importer.post('/data/import', dump.bytes, octets);
  assert.deepEqual(again.body.result, { entries: 5, imported: 0, failed: 0, existing: 5 });
  assert.equal((await to.get('/users/resolve/stays')).status, 404);
});

test('only the role export may; what is no dump is refused', async () => {
  assert.equal((await from.post('/data/export')).body.code, 'MissingPrivileges');
  assert.equal((await from.post('/data/import', 'x', octets)).body.code, 'MissingPrivileges');
  const importer = await exporter(to);
  for (const body of ['', 'nonsense\n', '{"format":"other"}\n']) {
    const answer = await importer.post('/data/import', body, octets);
    assert.deepEqual([answer.status, answer.body.code], [400, 'INVALID_DATA'], JSON.stringify(body));
  }
  const bad = await importer.post(
    '/data/import',
    '{"format":"mallard-users","version":1}\n{"table":"users"}\n{"table":"secrets","record":{"id":"' + 'a'.repeat(24) + '"}}\n{',
    octets,
  );
  assert.deepEqual(bad.body.result, { entries: 3, imported: 0, failed: 3, existing: 0 });
});
