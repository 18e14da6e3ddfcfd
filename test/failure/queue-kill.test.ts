/**
 * A thousand messages from submission through the queue to another server, while the worker is killed with SIGKILL again and again: none is lost, each is in
 * Sent once, and those that arrive twice are the ones whose last reply the kill cut off.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport, type Transporter } from 'nodemailer';
import { sharedServers, waitFor } from '../harness/servers.ts';
import { startSmtpSink } from '../harness/smtp-sink.ts';
import { closeStores, createUser, startWorker, storeOf, type TestWorker } from '../harness/worker.ts';

const MESSAGES = 1_000;
const KILLS = 4;
const CLIENTS = 4;

test('a thousand messages survive kill -9 of the worker between any two steps', { timeout: 400_000 }, async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  const sink = await startSmtpSink();
  const worker = await startWorker({
    mongodbUri,
    redisUri,
    services: ['submission'],
    config: {
      hostname: 'mail.test',
      auth: { allowPlaintext: 'always' },
      // Nobody sends a thousand in an hour, but here.
      smtp: { maxMessagesPerHour: 0 },
      outbound: {
        mode: 'relay',
        relay: { host: '127.0.0.1', port: sink.port, tls: 'none' },
        leaseMs: 3_000,
        pollMs: 200,
        firstRetryMs: 500,
        restMs: 200,
      },
    },
  });
  try {
    const address = 'ann@mail.test';
    await createUser(worker, address);
    const clients = Array.from({ length: CLIENTS }, () => transportTo(worker, address));
    let next = 0;
    let acknowledged = 0;
    let repeats = 0;
    let up: Promise<unknown> = Promise.resolve();
    const sendAll = async (client: Transporter): Promise<void> => {
      for (let number = next++; number < MESSAGES; number = next++) {
        for (;;) {
          try {
            await client.sendMail(message(address, number));
            acknowledged += 1;
            break;
          } catch {
            repeats += 1;
            await sleep(50);
            await up;
          }
        }
      }
    };
    const sending = Promise.all(clients.map(sendAll));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await waitFor(() => acknowledged >= (MESSAGES * kill) / (KILLS + 1), { timeoutMs: 200_000 });
      up = worker.kill('SIGKILL').then(() => worker.start());
      await up;
    }
    await sending;
    for (const client of clients) client.close();
    const arrived = (): Map<string, number> => {
      const counts = new Map<string, number>();
      for (const { raw } of sink.messages) {
        const id = /^X-Number: (\d+)/m.exec(raw)?.[1] ?? '?';
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return counts;
    };
    await waitFor(() => arrived().size === MESSAGES, { timeoutMs: 240_000 });
    const store = await storeOf(worker);
    await waitFor(async () => (await store.queue.tally(new Date())).queued === 0, { timeoutMs: 240_000 });
    const twice = sink.messages.length - MESSAGES;
    const user = await store.accounts.users.resolve(address);
    assert.ok(user);
    const sent = await store.operations.mailboxes.findBySpecialUse(user, '\\Sent');
    process.stdout.write(`# ${MESSAGES} messages, ${KILLS} kills: ${twice} twice, ${repeats} submissions repeated\n`);
    assert.equal(sent?.counts.messages, MESSAGES);
    assert.ok(twice < MESSAGES / 50, `${twice} arrived twice`);
  } finally {
    await closeStores();
    await worker.stop();
    await sink.close();
  }
});

function transportTo(worker: TestWorker, user: string): Transporter {
  return createTransport({
    host: '127.0.0.1',
    port: worker.port('submission'),
    pool: true,
    maxConnections: 1,
    maxMessages: Number.POSITIVE_INFINITY,
    ignoreTLS: true,
    auth: { user, pass: 'correct horse battery' },
    connectionTimeout: 5_000,
  });
}

function message(from: string, number: number): object {
  return {
    envelope: { from, to: [`somebody@d${number % 7}.test`] },
    raw: [
      `From: ${from}`,
      `X-Number: ${number}`,
      `Message-ID: <${number}@client.test>`,
      `Subject: ${number}`,
      '',
      'body',
      '',
    ].join('\r\n'),
  };
}
