/**
 * Two workers, eight writers into one mailbox at once, four clients that follow it from IDLE. No client ever sees a UID below one it knew, misses a message or sees one twice, and in the end all
 * of them, and whoever looks afresh, have the same picture.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { octets, parseFetch } from '../harness/probe/imap-values.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { SyncClient } from '../harness/probe/sync-client.ts';
import { sharedServers } from '../harness/servers.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker } from '../harness/worker.ts';

const WRITERS = 8;
const CLIENTS = 4;
const MESSAGES_EACH = 60;

describe('eight writers and four readers of one mailbox, over two workers', () => {
  const workers: TestWorker[] = [];
  let user: TestUser;
  before(async () => {
    const servers = await sharedServers();
    workers.push(await startWorker(servers), await startWorker(servers));
    user = await createUser(workers[0]!);
  });
  after(async () => {
    await closeStores();
    await Promise.all(workers.map((worker) => worker.stop()));
  });

  const write = async (writer: number): Promise<Map<string, number | undefined>> => {
    const worker = workers[writer % workers.length]!;
    const sent = new Map<string, number | undefined>();
    const messages = Array.from({ length: MESSAGES_EACH }, (_, n) => {
      const id = `<${writer}.${n}@writers.example.test>`;
      return { id, raw: Buffer.from(`Message-ID: ${id}\r\nSubject: ${n} of writer ${writer}\r\n\r\nHello.\r\n`) };
    });
    if (writer < WRITERS / 2) {
      const lmtp = await LmtpProbe.connect(worker.port('lmtp'));
      for (const { id, raw } of messages) {
        const [reply] = await lmtp.deliver(raw, [user.username]);
        assert.equal(reply?.code, 250, reply?.text);
        sent.set(id, undefined);
      }
      lmtp.close();
      return sent;
    }
    const imap = await ImapProbe.login(worker.port('imap'), user.username, user.password);
    for (const { id, raw } of messages) {
      const reply = await imap.append('INBOX', raw);
      assert.equal(reply.status, 'OK', reply.text);
      sent.set(id, Number(/\[APPENDUID \d+ (\d+)\]/.exec(reply.text)?.[1]));
    }
    imap.close();
    return sent;
  };

  it('each message is told once, in ascending order of UIDs, to everybody', async () => {
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        SyncClient.start(workers[n % workers.length]!.port('imap'), user, { name: `client ${n + 1}` }),
      ),
    );
    const written = await Promise.all(Array.from({ length: WRITERS }, (_, n) => write(n)));
    const sent = new Map(written.flatMap((one) => [...one]));
    assert.equal(sent.size, WRITERS * MESSAGES_EACH);
    for (const client of clients) {
      await client.knows(sent.size);
      await client.stop();
      assert.deepEqual(client.violations, []);
      assert.equal(client.synced.length, sent.size);
    }
    const fresh = await freshLook(workers[1]!, user);
    for (const client of clients) assert.deepEqual(client.synced, fresh, `${client.session.name} against a fresh look`);
    assert.deepEqual(new Set(fresh.map(({ id }) => id)), new Set(sent.keys()));
    for (const { id, uid } of fresh) {
      const told = sent.get(id);
      if (told !== undefined) assert.equal(uid, told, `APPENDUID of ${id}`);
    }
    assert.deepEqual(
      fresh.map(({ uid }) => uid),
      Array.from({ length: sent.size }, (_, n) => n + 1),
      'no UID was skipped',
    );
  });
});

async function freshLook(worker: TestWorker, user: TestUser): Promise<{ uid: number; id: string }[]> {
  const imap = await ImapProbe.login(worker.port('imap'), user.username, user.password);
  await imap.ok('EXAMINE INBOX');
  const { untagged } = await imap.ok('FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])');
  imap.close();
  return untagged.flatMap((response) => {
    const items = parseFetch(response)?.items;
    const field = items?.get('BODY[HEADER.FIELDS (MESSAGE-ID)]');
    if (items === undefined || field === undefined) return [];
    return [
      {
        uid: Number(items.get('UID')),
        id: octets(field)
          .toString('latin1')
          .replace(/^[^:]*:\s*|\s+$/g, ''),
      },
    ];
  });
}
