/**
 * A database that is away for a while, with the worker running all the time. Without Redis mail goes on and other workers hear of it by polling; without MongoDB everybody gets a clear temporary
 * failure, connections stay, and the same worker serves again when it is back.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:net';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { SyncClient } from '../harness/probe/sync-client.ts';
import { type TestServer, startMongod, startRedis } from '../harness/servers.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker } from '../harness/worker.ts';

/** Far below the slow poll of two seconds: only a beacon is that fast. */
const BEACON_WITHIN_MS = 400;

describe('a database that is away', () => {
  let mongod: TestServer;
  let redis: TestServer;
  const workers: TestWorker[] = [];
  let user: TestUser;
  before(async () => {
    [mongod, redis] = await Promise.all([startMongod(), startRedis()]);
    const options = {
      mongodbUri: mongod.uri.replace('/?', '/mail?'),
      redisUri: redis.uri,
      services: ['imap', 'lmtp', 'pop3'] as const,
    };
    workers.push(await startWorker(options), await startWorker(options));
    user = await createUser(workers[0]!);
  });
  after(async () => {
    await closeStores();
    await Promise.all(workers.map((worker) => worker.stop()));
    await Promise.all([mongod.stop(), redis.stop()]);
  });

  const deliver = async (lmtp: LmtpProbe, name: string): Promise<string> => {
    const raw = Buffer.from(`Message-ID: <${name}@away.example.test>\r\nSubject: ${name}\r\n\r\nHello.\r\n`);
    const [reply] = await lmtp.deliver(raw, [user.username]);
    return `${reply?.code} ${reply?.text}`;
  };
  /** Time from the reply to a delivery on the one worker until the IDLE client on the other knows the message. */
  const hearing = async (lmtp: LmtpProbe, client: SyncClient, name: string): Promise<number> => {
    assert.match(await deliver(lmtp, name), /^250 /);
    const answered = performance.now();
    await waitFor(() => client.synced.some(({ id }) => id === `<${name}@away.example.test>`), {
      timeoutMs: 10_000,
      intervalMs: 2,
      what: `the client to hear of ${name}`,
    });
    return performance.now() - answered;
  };

  it('Redis: deliveries and fetches go on, IDLE clients hear by the slow poll, and at once when it is back', async () => {
    const [one, two] = workers as [TestWorker, TestWorker];
    const client = await SyncClient.start(two.port('imap'), user, { name: 'client' });
    const lmtp = await LmtpProbe.connect(one.port('lmtp'));
    await hearing(lmtp, client, 'before');
    await redis.kill('SIGKILL');
    // Several polls long; nothing else happens in thirty seconds than in these.
    for (let n = 1; n <= 3; n += 1) await hearing(lmtp, client, `away-${n}`);
    const reader = await ImapProbe.login(one.port('imap'), user.username, user.password);
    await reader.ok('SELECT INBOX');
    assert.equal((await reader.ok('FETCH 1:* (BODY.PEEK[])')).untagged.length, 4);
    await redis.start();
    let fast = 0;
    let round = 0;
    await waitFor(
      async () => {
        round += 1;
        fast = (await hearing(lmtp, client, `back-${round}`)) < BEACON_WITHIN_MS ? fast + 1 : 0;
        // Four in a row are no lucky polls.
        return fast >= 4;
      },
      { timeoutMs: 30_000, what: 'news by beacon again' },
    );
    assert.equal((await reader.ok('NOOP')).status, 'OK');
    reader.close();
    lmtp.close();
    await client.stop();
    assert.deepEqual(client.violations, []);
    assert.deepEqual(client.refusals, []);
  });

  it('MongoDB: clear temporary failures, connections stay, and all goes on when it is back', async () => {
    const [one, two] = workers as [TestWorker, TestWorker];
    const pids = workers.map((worker) => worker.pid);
    const client = await SyncClient.start(two.port('imap'), user, { name: 'client' });
    // A session each, because a server answers one session's commands one after the other, and each takes its time to give up.
    const sessions = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const session = await ImapProbe.login(one.port('imap'), user.username, user.password);
        await session.ok('SELECT INBOX');
        return session;
      }),
    );
    const [imap, second, third, fourth] = sessions as [ImapProbe, ImapProbe, ImapProbe, ImapProbe];
    const fresh = await ImapProbe.connect(one.port('imap'));
    const lmtp = await LmtpProbe.connect(one.port('lmtp'));
    const message = Buffer.from('Subject: x\r\n\r\nHello.\r\n');

    await mongod.kill('SIGKILL');
    const [login, append, fetched, stored, created, delivered, pop3] = await Promise.all([
      fresh.run(`LOGIN ${user.username} "${user.password}"`),
      imap.append('INBOX', message),
      second.run('UID FETCH 1:* (ENVELOPE BODY.PEEK[])'),
      third.run('STORE 1 +FLAGS (\\Flagged)'),
      fourth.run('CREATE elsewhere'),
      deliver(lmtp, 'refused'),
      pop3Login(one.port('pop3'), user),
    ]);
    for (const [what, reply] of Object.entries({ login, append, fetched, stored, created })) {
      assert.match(`${reply.status} ${reply.text}`, /^NO \[UNAVAILABLE\]/, what);
    }
    assert.match(delivered, /^4\d\d 4\.\d\.\d /);
    assert.match(pop3, /^-ERR \[SYS\/TEMP\]/);

    await mongod.start();
    await waitFor(async () => (await deliver(lmtp, 'again')).startsWith('250 '), {
      timeoutMs: 20_000,
      what: 'deliveries on the old connection',
    });
    await waitFor(() => client.synced.some(({ id }) => id.startsWith('<again@')), {
      timeoutMs: 15_000,
      what: 'the IDLE client to hear',
    });
    assert.equal((await fresh.run(`LOGIN ${user.username} "${user.password}"`)).status, 'OK');
    assert.equal((await imap.append('INBOX', message)).status, 'OK');
    assert.equal((await imap.run('STORE 1 +FLAGS (\\Flagged)')).status, 'OK');
    const { untagged } = await imap.ok('UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])');
    assert.ok(
      !untagged.some((response) => response.literals.some((bytes) => bytes.includes('refused@'))),
      'what was refused is not there',
    );
    assert.deepEqual(
      workers.map((worker) => worker.pid),
      pids,
      'no worker was restarted',
    );
    for (const session of [second, third, fourth]) assert.equal((await session.run('NOOP')).status, 'OK');
    for (const probe of [fresh, lmtp, ...sessions]) probe.close();
    await client.stop();
    assert.deepEqual(client.violations, []);
  });
});

/** The reply to PASS, or to whatever was refused before. */
function pop3Login(port: number, user: TestUser): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const commands = [`USER ${user.username}`, `PASS ${user.password}`];
    let text = '';
    socket.setTimeout(30_000, () => reject(new Error(`no reply: ${text}`)));
    socket.on('error', reject);
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (!text.endsWith('\r\n')) return;
      const line = text;
      text = '';
      const next = commands.shift();
      if (line.startsWith('-ERR') || next === undefined) {
        socket.destroy();
        resolve(line);
      } else socket.write(`${next}\r\n`);
    });
  });
}
