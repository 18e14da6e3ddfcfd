/**
 * The stress by hand: `node test/stress/main.ts [--seconds 60] [--clients 20] [--workers 1,3] [--modes checkpoint,own-messages,own-flags] [--seed N] [--dovecot]`.
 * With `--dovecot` the same client runs against Dovecot, which shows that it asks for nothing unusual.
 */
import { parseArgs } from 'node:util';
import { startDovecot } from '../bench/dovecot-target.ts';
import { sharedServers } from '../harness/servers.ts';
import { closeStores, createUser, startWorker } from '../harness/worker.ts';
import type { Mode } from './client.ts';
import { runStress } from './run.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    clients: { type: 'string', default: '20' },
    workers: { type: 'string', default: '1,3' },
    modes: { type: 'string', default: 'checkpoint,own-messages,own-flags' },
    seed: { type: 'string' },
    dovecot: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));

async function all(name: string, ports: readonly number[], user: { username: string; password: string }): Promise<void> {
  for (const mode of values.modes.split(',') as Mode[]) {
    const seconds = Number(values.seconds);
    const { commands, checkpoints, messages } = await runStress({
      ports,
      user,
      clients: Number(values.clients),
      mode,
      seed,
      seconds,
    });
    console.log(
      `${name}, ${mode}, seed ${seed}: ${commands} commands, ${checkpoints} equal checkpoints, ${messages} messages at the end`,
    );
  }
}

if (values.dovecot) {
  const dovecot = await startDovecot();
  try {
    await all('Dovecot', [dovecot.imapPort], await dovecot.createUser());
  } finally {
    await dovecot.close();
  }
} else {
  for (const count of values.workers.split(',').map(Number)) {
    const servers = await sharedServers();
    const workers = await Promise.all(Array.from({ length: count }, () => startWorker({ ...servers, services: ['imap'] })));
    try {
      await all(
        `${count} workers`,
        workers.map((worker) => worker.port('imap')),
        await createUser(servers),
      );
    } finally {
      await Promise.all(workers.map((worker) => worker.stop()));
      await closeStores();
    }
  }
}
