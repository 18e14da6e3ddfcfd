import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import { createOperations, type OpenedStore } from '../operations/create.ts';
import { createDkimRotation } from './dkim-rotation.ts';

let store: OpenedStore;
before(async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  store = await createOperations(resolveConfig({ mongo: { uri: mongodbUri }, redis: { uri: redisUri } }), silentLogger);
});
after(() => store.close());

const DAY = 86_400_000;

test('an old key gets a successor that signs when DNS has it; the old record stays a week and then goes', async () => {
  const { dkim } = store.flow;
  const zone: Record<string, string> = {};
  const events: string[] = [];
  const clock = { ms: Date.now() };
  const round = createDkimRotation({
    keys: dkim,
    resolve: async (name) => {
      const text = zone[name];
      if (text === undefined) throw Object.assign(new Error('absent'), { code: 'ENOTFOUND' });
      // As long records come: in pieces.
      return [[text.slice(0, 200), text.slice(200)]];
    },
    rotateMs: 90 * DAY,
    emit: ({ type }) => void events.push(type),
    log: silentLogger,
    now: () => clock.ms,
  });
  const first = await dkim.put({ domain: 'rotate.test', selector: 'first' });
  const signing = async (): Promise<string[]> => (await dkim.signingKeys('rotate.test')).map(({ selector }) => selector);
  const all = async () => (await dkim.page('rotate.test', { limit: 10 })).results;

  assert.equal(await round(), 0);
  clock.ms += 91 * DAY;
  assert.equal(await round(), 1);
  const pending = (await all()).find(({ state }) => state === 'pending');
  assert.ok(pending);
  assert.equal(await round(), 0, 'one successor, and DNS does not have it yet');
  assert.deepEqual(await signing(), ['first']);
  assert.deepEqual(
    (await dkim.rotate('rotate.test')).map(({ id }) => id),
    [pending.id],
  );

  zone[pending.dnsTxt.name] = 'v=DKIM1; k=rsa; p=somebody else';
  assert.equal(await round(), 0);
  zone[pending.dnsTxt.name] = pending.dnsTxt.value;
  assert.equal(await round(), 1);
  assert.deepEqual(await signing(), [pending.selector]);
  assert.equal((await dkim.get(first.id))?.state, 'retired');
  clock.ms += 6 * DAY;
  assert.equal(await round(), 0);
  clock.ms += 2 * DAY;
  assert.equal(await round(), 1);
  assert.deepEqual(
    (await all()).map(({ selector }) => selector),
    [pending.selector],
  );
  assert.deepEqual(events, ['dkim.pending', 'dkim.activated', 'dkim.expired']);
});
