/**
 * kill -9 of each process of a running appliance, in the middle of a thousand deliveries. The supervisor brings back its children by itself; after a kill of the appliance itself the next start finds
 * what it left, ends it and serves again. Every message that got its 250 is there exactly once, and no process is left in the end.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readProcessIdentity } from '../../server/base/process-identity.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { TestUser } from '../harness/worker.ts';
import { type ApplianceStatus, type TestAppliance, startAppliance } from '../harness/worker-appliance.ts';
import { assertNothingLost } from './aftermath.ts';
import { Deliveries } from './deliveries.ts';

const DELIVERIES = 1_000;
const KILL_AT = 300;

describe('kill -9 under the appliance, during a thousand deliveries', () => {
  let appliance: TestAppliance;
  const pids = new Set<number>();
  let count = 0;
  before(async () => {
    appliance = await startAppliance();
  });
  after(async () => {
    await appliance.stop();
    await waitFor(() => [...pids].every((pid) => readProcessIdentity(pid) === undefined), {
      timeoutMs: 30_000,
      what: 'every process of the appliance to be gone',
    });
  });

  const look = async (): Promise<ApplianceStatus> => {
    const status = await appliance.status();
    for (const { pid } of status.services) if (pid !== null) pids.add(pid);
    pids.add(status.pid);
    return status;
  };
  const createUser = async (): Promise<TestUser> => {
    const username = `user${(count += 1)}@example.test`;
    const password = 'correct horse battery';
    const { id } = (await appliance.command('user', 'add', username, '--password', password)) as { id: string };
    return { id, username, password };
  };
  const deliverTo = (users: readonly TestUser[]): Deliveries =>
    new Deliveries({
      acknowledged: DELIVERIES,
      connections: 4,
      recipients: users.map(({ username }) => username),
      ports: [appliance.port('lmtp')],
      timeoutMs: 240_000,
    });
  const assertAllThere = async (users: readonly TestUser[], deliveries: Deliveries): Promise<void> => {
    const record = await deliveries.done;
    await waitFor(async () => (await look()).services.every(({ state }) => state === 'ready'), {
      timeoutMs: 60_000,
      what: 'every service to be ready again',
    });
    const scene = {
      imapPort: appliance.port('imap'),
      mongodbUri: await appliance.mongodbUri(),
      usedBytes: async ({ id }: TestUser): Promise<number> => {
        const shown = (await appliance.command('user', 'show', id)) as { limits: { quota: { used: number } } };
        return shown.limits.quota.used;
      },
    };
    await assertNothingLost(scene, users, record);
  };

  for (const name of ['worker-1', 'mongod', 'valkey']) {
    it(`of ${name}: it comes back by itself`, async () => {
      const users = [await createUser(), await createUser()];
      const before = (await look()).services.find((service) => service.name === name);
      assert.ok(before?.pid);
      const deliveries = deliverTo(users);
      await deliveries.reached(KILL_AT);
      process.kill(before.pid, 'SIGKILL');
      await assertAllThere(users, deliveries);
      const after = (await look()).services.find((service) => service.name === name);
      assert.notEqual(after?.pid, before.pid);
      assert.equal(after?.restarts, before.restarts + 1);
    });
  }

  it('of the appliance: started again, it serves all that was acknowledged', async () => {
    const users = [await createUser(), await createUser()];
    const before = await look();
    const deliveries = deliverTo(users);
    await deliveries.reached(KILL_AT);
    await appliance.kill();
    await appliance.start();
    await assertAllThere(users, deliveries);
    assert.notEqual((await look()).pid, before.pid);
  });
});
