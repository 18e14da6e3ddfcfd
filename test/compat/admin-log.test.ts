/** `/adminlog`: who changed what, and that nobody can rewrite it unseen. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { adminLog } from '../../server/api/contract/admin-log.ts';
import { startWorker } from '../harness/worker.ts';
import { type Api, ROOT_TOKEN, startApi } from './api.ts';
import { checkBadInputs, long, pagingInputs, wrong } from './constraints.ts';

let api: Api;
before(async () => {
  api = await startApi();
});

type Entry = {
  seq: number;
  action: string;
  role: string;
  by: string | null;
  ip: string;
  sess: string;
  user: string | null;
  input: Record<string, unknown>;
  before: Record<string, unknown> | null;
};
const entries = async (query = ''): Promise<Entry[]> =>
  (await api.ok(`GET /adminlog${query}`, undefined, adminLog.list))['results'] as Entry[];

test('what was done, by whom, and what it was before; never a secret', async () => {
  const { id, username, password } = await api.user({ name: 'Ann' });
  await api.ok(`PUT /users/${id}`, { name: 'Anna', quota: 5, password: 'next secret', sess: 's1', ip: '192.0.2.4' });
  await api.ok(`POST /users/${id}/asps`, { description: 'Phone', password: 'abcdefghijklmnop' });
  await api.fails(`PUT /users/${id}`, 400, 'NoUpdates', { body: {} });
  await api.ok('POST /authenticate', { username, password: 'next secret', token: true });
  const token = String((await api.ok('POST /authenticate', { username, password: 'next secret', token: true }))['token']);
  assert.equal((await api.call('PUT /users/me', { token, body: { name: 'Myself' } })).status, 200);
  await api.ok(`GET /users/${id}`);
  const [mine, asp, update, create] = await entries(`?user=${id}`);
  assert.deepEqual(
    [create?.action, create?.input['username'], create?.input['password'], create?.role, create?.before],
    ['createUser', username, '…', 'root', null],
  );
  assert.deepEqual(
    [update?.action, update?.input, update?.before, update?.ip, update?.sess],
    [
      'updateUser',
      { hashedPassword: false, allowUnsafe: true, name: 'Anna', quota: 5, password: '…' },
      { name: 'Ann', quota: 0 },
      '192.0.2.4',
      's1',
    ],
  );
  assert.deepEqual([asp?.action, asp?.input['description'], asp?.input['password']], ['createASP', 'Phone', '…']);
  assert.deepEqual([mine?.role, mine?.by, mine?.before], ['user', id, { name: 'Anna' }]);
  assert.ok(!JSON.stringify(await entries()).includes(password) && !JSON.stringify(await entries()).includes('next secret'));
  assert.deepEqual(
    (await entries(`?by=${id}`)).map((one) => one.action),
    ['updateUser'],
  );
  assert.deepEqual((await entries(`?user=${id}&action=createASP`)).length, 1);
  assert.deepEqual((await entries('?filterip=192.0.2.4')).length, 1);
  assert.deepEqual(
    (await entries('?text=ANNA')).map((one) => one.action),
    ['updateUser', 'updateUser'],
  );
  assert.deepEqual((await entries('?text=createasp')).length, 1);
  assert.deepEqual((await entries('?text=Ann.*')).length, 0);
  assert.deepEqual((await entries(`?from=${new Date(Date.now() + 60_000).toISOString()}`)).length, 0);
});

test('addresses, domains, keys and settings: what they were before', async () => {
  const { id } = await api.user();
  const made = async (call: string, body: Record<string, unknown>): Promise<string> => String((await api.ok(call, body))['id']);
  const own = await made(`POST /users/${id}/addresses`, { address: 'second@log.test', name: 'Second' });
  await api.ok(`PUT /users/${id}/addresses/${own}`, { name: 'Next' });
  await api.ok(`DELETE /users/${id}/addresses/${own}`);
  const forwarder = await made('POST /addresses/forwarded', { address: 'all@log.test', targets: ['one@there.test'] });
  await api.ok(`PUT /addresses/forwarded/${forwarder}`, { targets: ['two@there.test'] });
  await api.ok(`DELETE /addresses/forwarded/${forwarder}`);
  const alias = await made('POST /domainaliases', { alias: 'alias.test', domain: 'log.test' });
  await api.ok(`DELETE /domainaliases/${alias}`);
  const key = await made('POST /dkim', { domain: 'log.test', selector: 'mail' });
  await api.ok(`DELETE /dkim/${key}`);
  await api.ok('POST /settings/const:adminlog:time', { value: '400d' });
  await api.fails('POST /settings/const:adminlog:time', 400, 'InputValidationError', { body: { value: '1h' } });
  await api.fails(`DELETE /dkim/${key}`, 404, 'DkimNotFound');

  const of = async (action: string): Promise<Entry['before'] | undefined> => (await entries(`?action=${action}`))[0]?.before;
  assert.deepEqual(await of('updateUserAddress'), { name: 'Second' });
  assert.deepEqual(await of('deleteUserAddress'), { address: 'second@log.test', name: 'Next' });
  assert.match(JSON.stringify((await of('updateForwardedAddress'))?.['targets']), /one@there\.test/);
  assert.equal((await of('deleteForwardedAddress'))?.['address'], 'all@log.test');
  assert.deepEqual(await of('deleteDomainAlias'), { alias: 'alias.test', domain: 'log.test' });
  const removed = await of('deleteDkimKey');
  assert.deepEqual([removed?.['domain'], removed?.['selector'], removed?.['state']], ['log.test', 'mail', 'active']);
  assert.deepEqual(await of('createSetting'), { value: 2 * 365 * 86_400_000, custom: false });
});

test('the export is all of it, and whoever has it can follow the chain', async () => {
  await api.user();
  const answer = await api.call('GET /adminlog/export');
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/x-ndjson/);
  const text = answer.text;
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, (await api.ok('GET /adminlog/verify'))['entries']);
  let last = '0'.repeat(64);
  for (const [index, line] of lines.entries()) {
    const { previous, hash, ...told } = JSON.parse(line) as Record<string, string>;
    assert.deepEqual([previous, told['seq']], [last, index + 1]);
    const again = createHash('sha256')
      .update(last)
      .update(JSON.stringify(Object.values(told)))
      .digest('hex');
    assert.equal(hash, again);
    last = again;
  }
});

test('two workers write one chain; a change or a gap is found', async () => {
  const other = await startWorker({
    mongodbUri: api.worker.mongodbUri,
    redisUri: api.worker.redisUri,
    services: ['api'],
    config: { api: { rootToken: ROOT_TOKEN } },
  });
  try {
    const { id } = await api.user();
    const put = async (port: number, name: string): Promise<void> => {
      const answer = await fetch(`http://127.0.0.1:${port}/users/${id}`, {
        method: 'PUT',
        headers: { 'x-access-token': ROOT_TOKEN, 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
      assert.equal(answer.status, 200);
    };
    const ports = [api.worker.port('api'), other.port('api')];
    await Promise.all(Array.from({ length: 12 }, (_, index) => put(ports[index % 2] ?? 0, `name ${index}`)));
    assert.equal((await entries(`?user=${id}&action=updateUser`)).length, 12);
    const whole = await api.ok('GET /adminlog/verify', undefined, adminLog.verify);
    assert.deepEqual([whole['intact'], whole['first'], whole['last']], [true, 1, whole['entries']]);
  } finally {
    await other.stop();
  }

  const client = await MongoClient.connect(api.worker.mongodbUri);
  try {
    const log = client.db().collection('adminLog');
    const brokenAt = async (): Promise<unknown> => (await api.ok('GET /adminlog/verify'))['brokenAt'];
    const third = await log.findOne({ seq: 3 });
    await log.updateOne({ seq: 3 }, { $set: { role: 'nobody' } });
    assert.equal(await brokenAt(), 3);
    await log.deleteOne({ seq: 3 });
    assert.equal(await brokenAt(), 3);
    await log.insertOne(third ?? {});
    assert.equal(await brokenAt(), undefined);
    // Only what went after its time left an anchor: a missing beginning is found.
    await log.deleteMany({ seq: { $lte: 2 } });
    assert.equal(await brokenAt(), 1);
  } finally {
    await client.close();
  }
});

test('wrong inputs are refused by field; users do not see it', async () => {
  await checkBadInputs(api, {
    call: 'GET /adminlog',
    bad: {
      ...pagingInputs,
      user: wrong.id,
      by: wrong.id,
      action: [long(101)],
      filterip: wrong.ip,
      text: [long(201)],
      from: ['someday'],
      to: ['someday'],
    },
  });
  const { username, password } = await api.user();
  const token = String((await api.ok('POST /authenticate', { username, password, token: true }))['token']);
  await api.fails('GET /adminlog', 403, 'MissingPrivileges', { token });
  await api.fails('GET /adminlog/export', 403, 'MissingPrivileges', { token });
});
