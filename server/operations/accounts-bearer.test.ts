import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { waitFor } from '../../test/harness/wait-for.ts';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import type { UserId } from '../mail/ids.ts';
import type { NewToken } from './accounts-tokens.ts';
import type { AccessEvent } from './contract.ts';
import { type OpenedStore, createOperations } from './create.ts';

const FROM = { ip: '127.0.0.1', connection: 'c1' };

describe('sign-in by access token', () => {
  let store: OpenedStore;
  let ann: UserId;
  let otto: UserId;
  before(async () => {
    const servers = await sharedServers();
    store = await createOperations(
      resolveConfig({ mongo: { uri: servers.mongodbUri }, redis: { uri: servers.redisUri } }),
      silentLogger,
    );
    const create = (name: string): Promise<UserId> => {
      const address = `${name}@example.test`;
      return store.accounts.users.create({ username: address, address, password: 'pencil and paper' });
    };
    [ann, otto] = [await create('ann'), await create('otto')];
  });
  after(() => store.close());

  const token = async (fields: NewToken): Promise<string> => (await store.accounts.tokens.create(fields)).token;
  const open = async (bearer: string, name: string | undefined, protocol: 'imap' | 'pop3' | 'smtp' = 'imap'): Promise<string> => {
    const result = await store.operations.accounts.authenticateToken(bearer, name, protocol, FROM);
    return result.ok ? result.account.username : result.code;
  };

  it("opens its user's mail, under any of the user's names or none, and nobody else's", async () => {
    const own = await token({ role: 'user', user: ann });
    assert.equal(await open(own, 'ann@example.test'), 'ann@example.test');
    assert.equal(await open(own, 'ANN@Example.test', 'smtp'), 'ann@example.test');
    assert.equal(await open(own, undefined, 'pop3'), 'ann@example.test');
    assert.equal(await open(own, 'otto@example.test'), 'AUTHENTICATIONFAILED');
    assert.equal(await open(own, 'nobody@example.test'), 'AUTHENTICATIONFAILED');
    assert.equal(await open('f'.repeat(40), 'ann@example.test'), 'AUTHENTICATIONFAILED');
    assert.equal(await open('not a token', undefined), 'AUTHENTICATIONFAILED');
  });

  it('is as wide as what it was granted', async () => {
    const mail = await token({ role: 'custom', user: otto, grants: ['imap:use:own', 'messages:read:own'] });
    assert.equal(await open(mail, undefined), 'otto@example.test');
    assert.equal(await open(mail, undefined, 'smtp'), 'AUTHORIZATIONFAILED');
    const none = await token({ role: 'custom', user: otto, grants: ['messages:read:own'] });
    assert.equal(await open(none, undefined), 'AUTHORIZATIONFAILED');
    const readonly = await token({ role: 'readonly', user: otto });
    assert.equal(await open(readonly, undefined), 'AUTHORIZATIONFAILED');
    const root = await token({ role: 'root' });
    assert.equal(await open(root, 'otto@example.test'), 'AUTHENTICATIONFAILED');
  });

  it('ends with the token, the scope and the account', async () => {
    const made = await store.accounts.tokens.create({ role: 'user', user: otto });
    assert.equal(await open(made.token, undefined), 'otto@example.test');
    const told: AccessEvent[] = [];
    const forget = store.operations.events.subscribe(otto, (event) => void (event.kind === 'access' && told.push(event)));
    await store.accounts.tokens.revoke(made.id);
    await waitFor(() => told.length > 0);
    forget();
    assert.equal(told[0]?.only?.token, made.id, 'sessions on this token end, others stay');
    assert.equal(await open(made.token, undefined), 'AUTHENTICATIONFAILED');
    const own = await token({ role: 'user', user: otto });
    await store.accounts.context.tables.users.update({ id: otto }, { set: { disabledScopes: ['imap'] } });
    assert.equal(await open(own, undefined), 'AUTHORIZATIONFAILED');
    assert.equal(await open(own, undefined, 'pop3'), 'otto@example.test');
    await store.accounts.context.tables.users.update({ id: otto }, { set: { disabled: true } });
    assert.equal(await open(own, undefined, 'pop3'), 'AUTHENTICATIONFAILED');
  });

  it('is in the authentication log', async () => {
    await store.accounts.authLog.settled();
    const { results } = await store.accounts.authLog.list(ann, { limit: 10 });
    assert.ok(results.some((event) => event.source === 'token' && event.result === 'success' && event.protocol === 'IMAP'));
  });
});
