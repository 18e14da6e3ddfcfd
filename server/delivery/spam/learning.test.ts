/** On the real store: what users move teaches the filter, and mail is judged by it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../../test/harness/servers.ts';
import { silentLogger } from '../../base/log.ts';
import { resolveConfig } from '../../config/load.ts';
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import { createOperations, type OpenedStore } from '../../operations/create.ts';
import { connectDatabase, type Database } from '../../store/connect.ts';
import { createGreylistStore } from '../../store/greylist.ts';
import { createSpamWords, type SpamWords } from '../../store/spam-words.ts';
import { createLearning, type Learning } from './learning.ts';
import { trainFromMoves, type JunkTraining } from './junk-training.ts';

let store: OpenedStore;
let database: Database;
let words: SpamWords;
let learning: Learning;
let training: JunkTraining;
const marked: string[] = [];

before(async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  store = await createOperations(resolveConfig({ mongo: { uri: mongodbUri }, redis: { uri: redisUri } }), silentLogger);
  database = await connectDatabase({ uri: mongodbUri }, silentLogger);
  words = createSpamWords(database);
  // Totals are remembered for a moment: here every look is later than that.
  let clock = 0;
  learning = createLearning({ words, threshold: 0.95, minMessages: 3, log: silentLogger, now: () => (clock += 60_000) });
  training = trainFromMoves({
    operations: store.operations,
    learning,
    emit: ({ type }) => void marked.push(type),
    log: silentLogger,
  });
});
after(async () => {
  await store.close();
  await database.close();
});

const spamRaw = (n: number): Buffer =>
  Buffer.from(`From: offer${n}@spam.test\r\nSubject: cheap pills ${n}\r\n\r\nbuy cheap pills now, winner number${n}x\r\n`);
const hamRaw = (n: number): Buffer =>
  Buffer.from(`From: colleague@work.test\r\nSubject: meeting ${n}\r\n\r\nthe agenda of our meeting, point number${n}x\r\n`);

type Person = { readonly user: UserId; readonly inbox: MailboxId; readonly junk: MailboxId; readonly trash: MailboxId };

async function person(name: string): Promise<Person> {
  const address = `${name}@example.test`;
  const user = await store.accounts.users.create({ username: address, address, password: 'secret words' });
  const { mailboxes } = store.operations;
  const find = async (use: string): Promise<MailboxId> => (await mailboxes.findBySpecialUse(user, use))?.id ?? ('' as MailboxId);
  const inbox = (await mailboxes.findByPath(user, 'INBOX'))?.id ?? ('' as MailboxId);
  return { user, inbox, junk: await find('\\Junk'), trash: await find('\\Trash') };
}

async function put({ user }: Person, mailbox: MailboxId, raw: Buffer): Promise<Uid> {
  const stored = await store.operations.contents.store(raw);
  const { uids } = await store.operations.messages.append(user, mailbox, [{ stored, flags: [], internalDateMs: Date.now() }]);
  return uids[0] ?? (0 as Uid);
}

test('moves into Junk and out of it teach; the user’s own experience counts before that of all', async () => {
  const ann = await person('ann');
  const { messages } = training.operations;
  for (let n = 0; n < 4; n += 1) {
    await messages.move(ann.user, ann.inbox, UidSet.of(await put(ann, ann.inbox, spamRaw(n))), ann.junk);
    await messages.move(ann.user, ann.junk, UidSet.of(await put(ann, ann.junk, hamRaw(n))), ann.inbox);
  }
  await training.settled();
  assert.deepEqual(await words.totals(ann.user), { spam: 4, ham: 4 });
  const spam = await learning.open(spamRaw(99))(ann.user);
  assert.ok(spam !== undefined && spam.isSpam && spam.by === 'user');
  assert.ok(spam.reasons.some(({ word }) => word === 'cheap'));
  const ham = await learning.open(hamRaw(99))(ann.user);
  assert.ok(ham !== undefined && ham.score < 0.1);
  // Another user has taught nothing: all users' experience speaks.
  const bob = await person('bob');
  const opinion = await learning.open(spamRaw(98))(bob.user);
  assert.ok(opinion !== undefined && opinion.isSpam && opinion.by === 'all');
  const { header, verdict } = await learning.checks.check(spamRaw(97), { ip: '', hello: '', from: '' });
  assert.match(header, /^X-Spam-Learnt: (0\.9\d+|1\.000);\r\n\t\S+ 0\.\d\d;/);
  assert.equal(verdict, 'accept');
});

test('a mistake is taken back; Trash and moves among other mailboxes teach nothing; copies do', async () => {
  const eve = await person('eve');
  const { messages } = training.operations;
  const uid = await put(eve, eve.inbox, spamRaw(1));
  const moved = await messages.move(eve.user, eve.inbox, UidSet.of(uid), eve.junk);
  await messages.move(eve.user, eve.junk, UidSet.from(moved.to), eve.inbox);
  await training.settled();
  assert.deepEqual(await words.totals(eve.user), { spam: 0, ham: 1 });
  await messages.move(eve.user, eve.junk, UidSet.of(await put(eve, eve.junk, spamRaw(2))), eve.trash);
  await messages.move(eve.user, eve.inbox, UidSet.of(await put(eve, eve.inbox, hamRaw(2))), eve.trash);
  await training.settled();
  assert.deepEqual(await words.totals(eve.user), { spam: 0, ham: 1 });
  await messages.copy(eve.user, eve.inbox, UidSet.of(await put(eve, eve.inbox, spamRaw(3))), eve.junk);
  await training.settled();
  assert.deepEqual(await words.totals(eve.user), { spam: 1, ham: 1 });
});

test('greylisting in the database: once written down, passed after the delay, whoever asks', async () => {
  const greylist = createGreylistStore(database);
  const at = (ms: number) => ({ now: new Date(1_700_000_000_000 + ms), delayMs: 1000 });
  const tries = await Promise.all([1, 2, 3].map(() => greylist.pass('192.0.2.0/24', 'a@x', 'b@y', at(0))));
  assert.deepEqual(tries, [false, false, false]);
  assert.deepEqual(
    [
      await greylist.pass('192.0.2.0/24', 'a@x', 'b@y', at(999)),
      await greylist.pass('192.0.2.0/24', 'a@x', 'b@y', at(1000)),
      await greylist.pass('192.0.2.0/24', 'a@x', 'b@y', at(1)),
      await greylist.pass('192.0.2.0/24', 'a@x', 'c@y', at(5000)),
    ],
    [false, true, true, false],
  );
});
