/**
 * Mail is fetched from another server while the worker that fetches is killed with SIGKILL again and again: each message arrives exactly once, whether it stays there or
 * is deleted there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRemoteMail, textsOf } from '../harness/remote-mail.ts';
import { sharedServers, waitFor } from '../harness/servers.ts';
import { closeStores, createUser, startWorker, storeOf } from '../harness/worker.ts';

const MESSAGES = 120;
const KILLS = 4;

test('each message is fetched exactly once, whenever the worker is killed', { timeout: 240_000 }, async () => {
  const remote = await startRemoteMail();
  const { mongodbUri, redisUri } = await sharedServers();
  const fetch = { allowPrivate: true, pollMs: 50, minIntervalMs: 100, leaseMs: 1_000, maxPerRound: 40, maxBackoffMs: 200 };
  const worker = await startWorker({ mongodbUri, redisUri, services: ['imap'], config: { fetch } });
  try {
    const store = await storeOf(worker);
    const cases = await Promise.all(
      (['imap', 'pop3'] as const).flatMap((kind) =>
        (['leave', 'delete'] as const).map(async (keep) => {
          const there = await remote.addUser(`${kind}-${keep}@remote.test`);
          await remote.put(
            there,
            Array.from({ length: MESSAGES }, (_, number) => `From: a@b.test\r\nSubject: ${number}\r\n\r\nx\r\n`),
          );
          const here = await createUser(worker);
          return { kind, keep, there, here };
        }),
      ),
    );
    for (const { kind, keep, there, here } of cases) {
      const settings = {
        kind,
        keep,
        host: 'localhost',
        port: remote.worker.port(kind),
        tls: 'none',
        verifyCertificate: true,
      } as const;
      const { username, password } = there;
      const more = { username, password, folder: 'INBOX', keepDays: 1, intervalMs: 100, enabled: true };
      await store.external.create(here.id, { ...settings, ...more }, 10);
    }
    const arrived = async (): Promise<number> => {
      const counts = await Promise.all(
        cases.map(async ({ here }) => (await store.operations.mailboxes.list(here.id as never))[0]?.counts.messages ?? 0),
      );
      return counts.reduce((sum, one) => sum + one, 0);
    };
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const wanted = (cases.length * MESSAGES * kill) / (KILLS + 1);
      await waitFor(async () => (await arrived()) >= wanted, { timeoutMs: 60_000 });
      await worker.kill('SIGKILL');
      await worker.start();
    }
    const left = async (): Promise<number> => {
      const counts = await Promise.all(cases.filter(({ keep }) => keep === 'delete').map(({ there }) => remote.count(there)));
      return counts.reduce((sum, one) => sum + one, 0);
    };
    await waitFor(async () => (await arrived()) >= cases.length * MESSAGES && (await left()) === 0, { timeoutMs: 90_000 });
    for (const { kind, keep, here, there } of cases) {
      const subjects = (await textsOf(store, here.id)).map((text) => Number(/^Subject: (\d+)/m.exec(text)?.[1]));
      assert.deepEqual(
        subjects.toSorted((a, b) => a - b),
        Array.from({ length: MESSAGES }, (_, number) => number),
        `${kind}, ${keep}`,
      );
      assert.equal(await remote.count(there), keep === 'delete' ? 0 : MESSAGES);
    }
  } finally {
    await closeStores();
    await Promise.all([worker.stop(), remote.worker.stop()]);
  }
});
