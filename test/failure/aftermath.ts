/** What must be true when the storm is over: everything acknowledged is there once, readable, and every counter equals a recount of what is stored. */
import assert from 'node:assert/strict';
import { MongoClient, ObjectId } from 'mongodb';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { octets, parseFetch } from '../harness/probe/imap-values.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type TestUser, type TestWorker, storeOf } from '../harness/worker.ts';
import type { DeliveryRecord } from './deliveries.ts';

/** What is looked at afterwards. */
export type Scene = {
  readonly imapPort: number;
  readonly mongodbUri: string;
  /** Octets that count against the user's quota, as the server tells them. */
  readonly usedBytes: (user: TestUser) => Promise<number>;
};

export function sceneOf(worker: TestWorker): Scene {
  return {
    imapPort: worker.port('imap'),
    mongodbUri: worker.mongodbUri,
    usedBytes: async (user) => (await (await storeOf(worker)).operations.quota(user.id as never)).usedBytes,
  };
}

/** Reads everything by IMAP and compares. Answers how many messages are there. */
export async function assertNothingLost(
  scene: Scene,
  users: readonly TestUser[],
  record: DeliveryRecord,
): Promise<{ readonly stored: number; readonly unacknowledged: number }> {
  let stored = 0;
  let unacknowledged = 0;
  for (const user of users) {
    const acknowledged = record.acknowledged.get(user.username) ?? [];
    const found = await readInbox(scene, user);
    const times = new Map<string, number>();
    for (const { id } of found) times.set(id, (times.get(id) ?? 0) + 1);
    const wrong = acknowledged.filter((id) => times.get(id) !== 1).map((id) => `${id}: ${times.get(id) ?? 0} times`);
    assert.deepEqual(
      wrong.slice(0, 10),
      [],
      `${wrong.length} of ${acknowledged.length} acknowledged messages are not there exactly once`,
    );
    const twice = [...times].filter(([, count]) => count > 1);
    assert.deepEqual(twice, [], 'no attempt was stored twice');
    stored += found.length;
    unacknowledged += found.length - acknowledged.length;
    await assertCountersExact(scene, user, found);
  }
  return { stored, unacknowledged };
}

type Found = { readonly uid: number; readonly id: string; readonly sizeBytes: number };

async function readInbox(scene: Scene, user: TestUser): Promise<Found[]> {
  const imap = await ImapProbe.login(scene.imapPort, user.username, user.password);
  const { untagged: selected } = await imap.ok('SELECT INBOX');
  const exists = selected.flatMap((response) => /^\* (\d+) EXISTS/.exec(response.text)?.[1] ?? []).map(Number)[0];
  // Whole messages, so that content that went missing is noticed.
  const { untagged } = await imap.ok('FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])');
  const found = untagged.flatMap((response) => {
    const fetched = parseFetch(response);
    if (fetched === undefined) return [];
    const raw = octets(fetched.items.get('BODY[]'));
    assert.equal(fetched.items.get('RFC822.SIZE'), String(raw.length));
    const id = /^Message-ID: (\S+)/m.exec(raw.toString('latin1', 0, 4096))?.[1] ?? '';
    assert.ok(raw.toString('latin1').includes('This is delivery'), `the text of ${id}`);
    return [{ uid: Number(fetched.items.get('UID')), id, sizeBytes: raw.length }];
  });
  assert.equal(found.length, exists, 'as many messages as EXISTS says');
  for (const [at, { uid }] of found.entries()) assert.ok(uid > (found[at - 1]?.uid ?? 0), 'UIDs ascend');
  await imap.logout();
  return found;
}

/** Mailbox counters and quota against what the placements say, by the database itself and by what a client saw. */
async function assertCountersExact(scene: Scene, user: TestUser, seen: readonly Found[]): Promise<void> {
  const bytes = seen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  assert.equal(await scene.usedBytes(user), bytes, 'quota equals what is there');
  const client = new MongoClient(scene.mongodbUri);
  try {
    const owner = ObjectId.createFromHexString(user.id);
    // Applying the last entries may still be under way in the worker; it must come to an end by itself.
    await waitFor(
      async () => {
        const mailboxes = await client.db().collection('mailboxes').find({ user: owner }).toArray();
        for (const mailbox of mailboxes) {
          const [sum] = await client
            .db()
            .collection('messages')
            .aggregate<{ messages: number; bytes: number }>([
              { $match: { user: owner, mailbox: mailbox._id, expungedAt: { $exists: false } } },
              { $group: { _id: null, messages: { $sum: 1 }, bytes: { $sum: '$size' } } },
            ])
            .toArray();
          const counts = mailbox['counts'] as { messages: number; bytes: number };
          assert.deepEqual(
            { messages: counts.messages, bytes: counts.bytes },
            { messages: sum?.messages ?? 0, bytes: sum?.bytes ?? 0 },
            `counters of ${String(mailbox['name'])}`,
          );
        }
        return true;
      },
      { timeoutMs: 15_000, what: 'counters that equal the recount' },
    );
  } finally {
    await client.close();
  }
}
