import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import { sharedClaims } from './recent-claims.ts';

const user = 'u' as UserId;
const mailbox = 'm' as MailboxId;

/** The database's side: remembers up to where was claimed. */
function database() {
  const state = { recent: 0, asked: 0, fails: false };
  const claim = async (_user: UserId, _mailbox: MailboxId, through: Uid): Promise<Uid> => {
    state.asked += 1;
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (state.fails) throw new Error('away');
    const before = state.recent;
    state.recent = Math.max(before, through);
    return ((through === 0 ? before : Math.min(before, through)) + 1) as Uid;
  };
  return { state, claim };
}

test('of twenty that ask at once, one gets the messages and one question is asked', async () => {
  const { state, claim } = database();
  const shared = sharedClaims(claim);
  const first = await Promise.all(Array.from({ length: 20 }, () => shared(user, mailbox, 5 as Uid)));
  assert.deepEqual(first.filter((uid) => uid === 1).length, 1);
  assert.ok(first.every((uid) => uid === 1 || uid === 6));
  assert.equal(state.asked, 1);
  assert.equal(await shared(user, mailbox, 4 as Uid), 5);
  assert.equal(state.asked, 1);
  assert.equal(await shared(user, mailbox, 7 as Uid), 6);
});

test('a look is never answered from memory', async () => {
  const { state, claim } = database();
  const shared = sharedClaims(claim);
  await shared(user, mailbox, 5 as Uid);
  state.recent = 9;
  assert.equal(await shared(user, mailbox, 0 as Uid), 10);
});

test('what failed is asked again', async () => {
  const { state, claim } = database();
  const shared = sharedClaims(claim);
  state.fails = true;
  const first = shared(user, mailbox, 5 as Uid);
  const second = shared(user, mailbox, 5 as Uid);
  state.fails = false;
  const results = await Promise.allSettled([first, second]);
  assert.equal(
    results.some((result) => result.status === 'fulfilled' && result.value === 1),
    true,
  );
});
