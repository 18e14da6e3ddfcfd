import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { checkScramProof } from '../auth/scram.ts';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import type { ScramSignIn } from './contract-accounts.ts';
import { type OpenedStore, createOperations } from './create.ts';

const FROM = { ip: '127.0.0.1', connection: 'c1' };

/** Whether a client that knows this password would be let in. */
async function play(exchange: ScramSignIn, password: string): Promise<boolean> {
  const { keys } = exchange;
  const salted = pbkdf2Sync(password, keys.salt, keys.iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const signature = createHmac('sha256', createHash('sha256').update(clientKey).digest()).update('auth').digest();
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!));
  const result = await exchange.finish(checkScramProof('sha256', keys, 'auth', proof) !== undefined);
  return result.ok;
}

describe('sign-in by SCRAM', () => {
  let store: OpenedStore;
  before(async () => {
    const servers = await sharedServers();
    store = await createOperations(
      resolveConfig({ mongo: { uri: servers.mongodbUri }, redis: { uri: servers.redisUri }, api: { rootToken: 'x'.repeat(40) } }),
      silentLogger,
    );
    await store.accounts.users.create({
      username: 'ann@example.test',
      address: 'ann@example.test',
      password: 'pencil and paper',
    });
  });
  after(() => store.close());

  const start = (name: string) => store.operations.accounts.startScram(name, 'sha256', 'imap', FROM);

  it('lets in who knows the password, by any form of the name, and nobody else', async () => {
    assert.equal(await play(await start('ann@example.test'), 'pencil and paper'), true);
    assert.equal(await play(await start('ANN@Example.test'), 'pencil and paper'), true);
    assert.equal(await play(await start('ann@example.test'), 'pen'), false);
  });

  it('answers an unknown name like a known one, always with the same salt', async () => {
    const [one, two, other] = [
      await start('nobody@example.test'),
      await start('nobody@example.test'),
      await start('no@example.test'),
    ];
    assert.ok(one.keys.salt.equals(two.keys.salt) && !one.keys.salt.equals(other.keys.salt));
    assert.equal(one.keys.iterations, (await start('ann@example.test')).keys.iterations);
    assert.equal(await play(one, 'anything'), false);
    assert.equal((await two.finish(true)).ok, false, 'even a proof that holds opens nothing');
  });

  it('follows a new password, and closes with the account', async () => {
    const id = await store.accounts.users.resolve('ann@example.test');
    await store.accounts.users.update(id!, { password: 'another long one' });
    assert.equal(await play(await start('ann@example.test'), 'pencil and paper'), false);
    assert.equal(await play(await start('ann@example.test'), 'another long one'), true);
    await store.accounts.users.update(id!, { disabled: true });
    assert.equal(await play(await start('ann@example.test'), 'another long one'), false);
  });
});
