/** Twenty clients on one mailbox, over one worker and over three: a bounded run of every mode. `test/stress/main.ts` runs longer ones; MALLARD_STRESS_SEED replays one. */
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../harness/servers.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker } from '../harness/worker.ts';
import { runStress } from './run.ts';

const CLIENTS = 20;
const SECONDS_EACH = 2.2;
const seed = Number(process.env['MALLARD_STRESS_SEED'] ?? 20_261);

describe(`${CLIENTS} clients on one mailbox, seed ${seed}`, () => {
  const workers: TestWorker[] = [];
  let user: TestUser;
  before(async () => {
    const servers = await sharedServers();
    workers.push(...(await Promise.all([1, 2, 3].map(() => startWorker({ ...servers, services: ['imap'] })))));
    user = await createUser(servers);
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await closeStores();
  });

  for (const count of [1, 3]) {
    for (const mode of ['checkpoint', 'own-messages', 'own-flags'] as const) {
      it(`${mode}, ${count === 1 ? 'one worker' : `${count} workers`}`, async (t) => {
        const ports = workers.slice(0, count).map((worker) => worker.port('imap'));
        const { commands, checkpoints } = await runStress({ ports, user, clients: CLIENTS, mode, seed, seconds: SECONDS_EACH });
        t.diagnostic(`${commands} commands, ${checkpoints} equal checkpoints`);
      });
    }
  }
});
