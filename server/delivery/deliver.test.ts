import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import type { UserId } from '../mail/ids.ts';
import { createDelivery, type DeliveryOptions } from './deliver.ts';
import { FakeMailStore } from './delivery-test-kit.ts';
import type { Origin } from './envelope.ts';
import type { RuleDecision, RuleInput, TraceEvent } from './hooks.ts';
import type { SpamOpinion } from './spam/learning.ts';

const world: Origin = {
  transactionId: 't1',
  receivedAtMs: 0,
  protocol: 'LMTP',
  hello: 'x',
  remoteAddress: '192.0.2.1',
  tls: undefined,
};
const raw = Buffer.from('Subject: x\r\n\r\nbody\r\n');

function bed(more: Partial<DeliveryOptions> = {}) {
  const store = new FakeMailStore();
  const traced: TraceEvent[] = [];
  const delivery = createDelivery({
    operations: store.operations,
    config: resolveConfig({}),
    log: silentLogger,
    trace: { record: (event) => void traced.push(event) },
    ...more,
  });
  const user = store.addUser('one@mail.test');
  store.addMailbox(user, 'Junk', '\\Junk');
  store.addMailbox(user, 'Work');
  const deliver = async (origin: Origin = world): Promise<string> => {
    const account = await store.operations.accounts.account(user);
    assert.ok(account !== undefined);
    const envelope = { from: 'a@else.test', recipients: [], body: '7BIT' as const, smtpUtf8: false };
    const [outcome] = await delivery.deliver(raw, [{ address: 'one@mail.test', account, label: undefined }], origin, envelope);
    return outcome?.kind ?? 'none';
  };
  const where = (): string[] => ['INBOX', 'Junk', 'Work'].filter((path) => store.texts(user, path).length > 0);
  return { store, user, traced, deliver, where };
}

const opinion = (isSpam: boolean): SpamOpinion => ({
  score: isSpam ? 0.99 : 0.5,
  isSpam,
  by: 'user',
  reasons: [{ word: 'cheap', probability: 0.98 }],
});

test('the learning filter sends strangers’ mail into Junk, not mail that was judged before or sent by a user', async () => {
  const { deliver, where, traced, store, user } = bed({ opinions: () => async (_user: UserId) => opinion(true) });
  assert.equal(await deliver({ ...world, remoteAddress: '' }), 'delivered');
  const account = await store.operations.accounts.account(user);
  assert.equal(await deliver({ ...world, ...(account === undefined ? {} : { account }) }), 'delivered');
  assert.deepEqual(where(), ['INBOX']);
  assert.equal(await deliver(), 'delivered');
  assert.deepEqual(where(), ['INBOX', 'Junk']);
  const told = traced.find(({ kind }) => kind === 'rule');
  assert.deepEqual([told?.['score'], told?.['words']], [0.99, ['cheap 0.98']]);
});

test('rules hear the opinion, and have the last word', async () => {
  const inputs: RuleInput[] = [];
  let decision: RuleDecision = {};
  const rules = {
    decide: async (input: RuleInput): Promise<RuleDecision> => {
      inputs.push(input);
      return decision;
    },
  };
  const { store, user, deliver, where } = bed({ rules, opinions: () => async () => opinion(true) });
  decision = { mailbox: store.mailbox(user, 'Work').id, flags: ['\\Flagged'] };
  assert.equal(await deliver(), 'delivered');
  assert.deepEqual(where(), ['Work']);
  assert.deepEqual([inputs[0]?.spam?.isSpam, inputs[0]?.origin.quarantine], [true, true]);
  let followed = 0;
  decision = { discard: true, after: async () => void (followed += 1) };
  assert.equal(await deliver(), 'discarded');
  decision = { reject: 'no thanks', after: async () => void (followed += 1) };
  assert.equal(await deliver(), 'rejected');
  decision = { after: () => Promise.reject(new Error('x')) };
  assert.equal(await deliver(), 'delivered');
  assert.equal(followed, 1);
  assert.deepEqual([store.texts(user, 'Work').length, store.texts(user, 'Junk').length], [1, 1]);
});

test('a rule that fails puts the mail off instead of losing its decision', async () => {
  const { deliver, where } = bed({ rules: { decide: () => Promise.reject(new Error('database away')) } });
  assert.equal(await deliver(), 'unavailable');
  assert.deepEqual(where(), []);
});
