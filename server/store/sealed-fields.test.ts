import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { createSealer, isSealed, newSealingKey, parseKeyring } from '../base/sealing.ts';
import { createAccountTables } from './account-tables.ts';
import { type Database, connectDatabase } from './connect.ts';
import { createFlowTables } from './flow-tables.ts';
import { migrate } from './migrations.ts';
import { checkSealingKey, reseal } from './sealed-fields.ts';
import { createSecrets } from './secrets.ts';

const [first, second] = [newSealingKey(), newSealingKey()];
const idOf = (key: string): string => createSealer(parseKeyring(key)).keyId!;
const USER = '0123456789abcdef01234567';
const dkim = {
  domain: 'example.org',
  selector: 's',
  description: '',
  privateKey: 'PEM',
  publicKey: 'p',
  kind: 'rsa',
  fingerprint: 'f',
} as const;

let uri: string;
const opened: Database[] = [];
const openWith = async (...lines: string[]): Promise<Database> => {
  const sealer = createSealer(parseKeyring(lines.join('\n')));
  const database = await connectDatabase({ uri, sealer }, silentLogger);
  opened.push(database);
  return database;
};
const rawKey = async (database: Database): Promise<unknown> =>
  (await database.main.collection('dkimKeys').findOne({}))?.['privateKey'];

before(async () => {
  uri = (await sharedServers()).mongodbUri;
});
beforeEach(async () => {
  const database = await openWith();
  await database.main.dropDatabase();
});
after(async () => {
  await Promise.all(opened.map((database) => database.close()));
});

it('secrets are sealed in the database and plain in records', async () => {
  const database = await openWith(first);
  const { dkimKeys } = createFlowTables(database);
  const { secondFactors } = createAccountTables(database);
  assert.equal((await dkimKeys.upsert({ domain: dkim.domain, selector: 's' }, { set: dkim })).privateKey, 'PEM');
  assert.ok(isSealed(String(await rawKey(database))));
  assert.equal((await dkimKeys.findOne({ domain: dkim.domain }))?.privateKey, 'PEM');
  await secondFactors.upsert({ user: USER }, { set: { pendingSeed: 'SEED' } });
  assert.equal((await secondFactors.update({ user: USER }, { set: { seed: 'SEED' }, unset: ['pendingSeed'] }))?.seed, 'SEED');
  const secret = await createSecrets(database).get('srs');
  assert.deepEqual(await createSecrets(database).get('srs'), secret, 'the same in every worker');
  const everything = JSON.stringify([
    await database.main.collection('secondFactors').find().toArray(),
    await database.main.collection('secrets').find().toArray(),
  ]);
  assert.ok(!everything.includes('"SEED"') && !everything.includes(secret.toString('base64')));
});

it('what was plain is sealed by the migration, octets included', async () => {
  const plain = await openWith();
  await createFlowTables(plain).dkimKeys.insert(dkim);
  const octets = Buffer.alloc(32, 7);
  await plain.main.collection<{ _id: string; value: Buffer }>('secrets').insertOne({ _id: 'srs', value: octets });
  await plain.main.collection<{ _id: string; version: number }>('meta').insertOne({ _id: 'schema', version: 1 });
  assert.equal(await rawKey(plain), 'PEM');

  const database = await openWith(first);
  assert.equal((await createFlowTables(database).dkimKeys.findOne({}))?.privateKey, 'PEM', 'read before it is sealed');
  assert.deepEqual(await createSecrets(database).get('srs'), octets);
  await migrate(database, silentLogger);
  assert.ok(isSealed(String(await rawKey(database))));
  assert.equal((await createFlowTables(database).dkimKeys.findOne({}))?.privateKey, 'PEM');
  assert.deepEqual(await createSecrets(database).get('srs'), octets);
  assert.equal(await reseal(database), 0, 'once is enough');
});

it('a new key takes over', async () => {
  const before = await openWith(first);
  await checkSealingKey(before);
  for (let n = 0; n < 450; n += 1) await createFlowTables(before).dkimKeys.insert({ ...dkim, selector: `s${n}` });

  const database = await openWith(second, first);
  await checkSealingKey(database);
  assert.equal(await reseal(database), 450);
  const only = await openWith(second);
  await checkSealingKey(only);
  const keys = await createFlowTables(only).dkimKeys.find({});
  assert.deepEqual([keys.length, new Set(keys.map((key) => key.privateKey))], [450, new Set(['PEM'])]);
});

it('a worker without the key is refused in words, until the key is said to be lost', async () => {
  const before = await openWith(first);
  await checkSealingKey(before);
  await createFlowTables(before).dkimKeys.insert(dkim);
  for (const lines of [[], [second]]) {
    const wrong = await openWith(...lines);
    await assert.rejects(checkSealingKey(wrong), {
      code: 'CANNOT',
      message: new RegExp(`${idOf(first)}.*lost ${idOf(first)}`, 's'),
    });
    await assert.rejects(createFlowTables(wrong).dkimKeys.find({}), { kind: 'server' });
    assert.equal(await reseal(wrong), 0);
  }
  const resigned = await openWith(second, `lost ${idOf(first)}`);
  await checkSealingKey(resigned);
  assert.equal((await createFlowTables(resigned).dkimKeys.findOne({}))?.privateKey, '');
  assert.equal(await reseal(resigned), 0);
  assert.ok(String(await rawKey(resigned)).includes(idOf(first)), 'kept, in case the key is found');
});
