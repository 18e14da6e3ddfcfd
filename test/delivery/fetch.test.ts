/** Mail of accounts elsewhere: from a second server by IMAP and POP3, through rules, once, and what becomes of it there. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient, ObjectId } from 'mongodb';
import type { UserId } from '../../server/mail/ids.ts';
import { UidSet } from '../../server/mail/uid-set.ts';
import type { ExternalAccount, ExternalSettings } from '../../server/operations/external-accounts.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { startRemoteMail, type RemoteMail } from '../harness/remote-mail.ts';
import { waitFor } from '../harness/servers.ts';
import { closeStores, type TestUser } from '../harness/worker.ts';

let remote: RemoteMail;
let bed: MailBed;
let count = 0;

before(async () => {
  remote = await startRemoteMail();
  bed = await openMailBed({
    config: { fetch: { allowPrivate: true, pollMs: 20, timeoutMs: 20_000, maxPerRound: 5 }, store: { maxMessageBytes: 65_536 } },
  });
});
after(async () => {
  await bed.close();
  await remote.worker.stop();
  await closeStores();
});

type Setup = { readonly there: TestUser; readonly here: UserId; readonly account: ExternalAccount };

async function setUp(settings: Partial<ExternalSettings> = {}, messages: readonly string[] = []): Promise<Setup> {
  count += 1;
  const there = await remote.addUser(`there${count}@remote.test`);
  await remote.put(there, messages);
  const here = await bed.addUser(`here${count}@mail.test`);
  bed.clock.ms = Date.now();
  const account = await bed.store.external.create(
    here,
    {
      kind: 'imap',
      host: 'localhost',
      port: remote.worker.port('imap'),
      tls: 'none',
      verifyCertificate: true,
      username: there.username,
      password: there.password,
      folder: 'INBOX',
      mailbox: undefined,
      keep: 'leave',
      keepDays: 14,
      intervalMs: 3_600_000,
      enabled: true,
      ...settings,
    },
    10,
  );
  return { there, here, account };
}

/** One look from beginning to end, later than all before. */
async function look({ here, account }: Setup, laterMs = 1_000): Promise<ExternalAccount> {
  bed.clock.ms = Math.max(bed.clock.ms, Date.now()) + laterMs;
  return waitFor(async () => {
    const now = await bed.store.external.expect(here, account.id);
    if (now.lastTry?.getTime() === bed.clock.ms) return now.lease === undefined ? now : undefined;
    // An earlier look may still go on; while it does, this does nothing.
    await bed.store.external.fetchNow(here, account.id);
    bed.mail.wakeFetching();
    return undefined;
  });
}

const message = (subject: string, more = ''): string =>
  `Return-Path: <ann@else.test>\r\n${more}From: Ann <ann@else.test>\r\nSubject: ${subject}\r\n\r\n.hello\r\n`;
const subjects = (texts: readonly string[]): string[] => texts.map((text) => /^Subject: (.*)\r$/m.exec(text)?.[1] ?? '?');

for (const kind of ['imap', 'pop3'] as const) {
  for (const tls of ['none', 'starttls', 'implicit'] as const) {
    test(`${kind}, ${tls}: everything once, byte-exact, in its order; what is new later`, async () => {
      const port = remote.worker.port(tls === 'implicit' ? `${kind}s` : kind);
      const setup = await setUp({ kind, tls, port, verifyCertificate: false }, [message('one'), message('two')]);
      const first = await look(setup);
      assert.deepEqual([first.fetched, first.lastError, first.failures], [2, undefined, 0]);
      await remote.put(setup.there, [message('three')]);
      assert.equal((await look(setup)).fetched, 3);
      assert.equal((await look(setup)).fetched, 3);
      const texts = await bed.texts(setup.here);
      assert.deepEqual(subjects(texts), ['one', 'two', 'three']);
      const head = 'Return-Path: <ann@else.test>\r\nDelivered-To: ';
      assert.ok(texts[0]?.startsWith(head), texts[0]);
      assert.ok(texts[0]?.endsWith('\r\nFrom: Ann <ann@else.test>\r\nSubject: one\r\n\r\n.hello\r\n'));
      assert.match(
        texts[0] ?? '',
        new RegExp(`\r\nReceived: from localhost \\(\\[[^\\]]+\\]\\)[^;]* with ${kind.toUpperCase()} id `),
      );
      assert.equal(await remote.count(setup.there), 3);
    });
  }

  test(`${kind}: deleted there once it is here, or some days later`, async () => {
    const port = remote.worker.port(kind);
    const atOnce = await setUp({ kind, port, keep: 'delete' }, [message('a'), message('b')]);
    await look(atOnce);
    assert.deepEqual([(await bed.texts(atOnce.here)).length, await remote.count(atOnce.there)], [2, 0]);

    const later = await setUp({ kind, port, keep: 'days', keepDays: 2 }, [message('a')]);
    await look(later);
    await look(later, 86_400_001);
    assert.equal(await remote.count(later.there), 1);
    await look(later, 86_400_001);
    assert.deepEqual([(await bed.texts(later.here)).length, await remote.count(later.there)], [1, 0]);
  });

  test(`${kind}: many messages take several rounds by themselves`, async () => {
    const setup = await setUp(
      { kind, port: remote.worker.port(kind) },
      Array.from({ length: 12 }, (_, number) => message(String(number))),
    );
    await waitFor(async () => {
      bed.clock.ms = Date.now() + 1_000;
      bed.mail.wakeFetching();
      return (await bed.store.external.expect(setup.here, setup.account.id)).fetched === 12;
    });
    assert.deepEqual(
      subjects(await bed.texts(setup.here)),
      Array.from({ length: 12 }, (_, number) => String(number)),
    );
  });

  test(`${kind}: one that is too big stays there, is told, and holds nothing up`, async () => {
    const big = `${message('big')}${'x'.repeat(70_000)}\r\n`;
    const setup = await setUp({ kind, port: remote.worker.port(kind), keep: 'delete' }, [message('a'), big, message('b')]);
    const state = await look(setup);
    assert.deepEqual([state.fetched, state.refused, state.lastError], [2, 1, undefined]);
    assert.match(state.lastRefusal?.text ?? '', /too big/);
    assert.equal(await remote.count(setup.there), 1);
    assert.deepEqual(subjects(await bed.texts(setup.here)), ['a', 'b']);
  });
}

test('a crash after placing and before remembering places nothing twice', async () => {
  const setup = await setUp({}, [message('one'), message('two')]);
  await look(setup);
  await forgetNewest(setup);
  const again = await look(setup);
  assert.equal(again.lastError, undefined);
  assert.deepEqual(subjects(await bed.texts(setup.here)), ['one', 'two']);
});

test('a new UIDVALIDITY brings nothing twice', async () => {
  const setup = await setUp({}, [message('one'), message('two')]);
  await look(setup);
  // The same mail in another mailbox: there its UIDs mean something else.
  const { mailboxes, messages } = remote.store.operations;
  const user = setup.there.id as UserId;
  const inbox = await mailboxes.inboxOf(user);
  const archive = await mailboxes.create(user, 'Moved');
  await messages.copy(user, inbox, UidSet.range(1, 100), archive.id);
  await bed.store.external.change(setup.here, setup.account.id, { folder: 'Moved' });
  const state = await look(setup);
  assert.deepEqual([state.lastError, state.fetched], [undefined, 2]);
  assert.deepEqual(subjects(await bed.texts(setup.here)), ['one', 'two']);
});

test('into a chosen mailbox; filters decide before that; the trace tells where it came from', async () => {
  const setup = await setUp({}, [message('plain'), message('special')]);
  const { operations, flow, external } = bed.store;
  const work = await operations.mailboxes.create(setup.here, 'Work');
  const other = await operations.mailboxes.create(setup.here, 'Other');
  await external.change(setup.here, setup.account.id, { mailbox: work.id });
  await flow.filters.insert({
    user: setup.here,
    name: 'special',
    query: { subject: 'special' },
    action: { mailbox: other.id, flag: true },
    disabled: false,
  });
  await look(setup);
  assert.deepEqual(
    [await bed.texts(setup.here), subjects(await bed.texts(setup.here, 'Work')), subjects(await bed.texts(setup.here, 'Other'))],
    [[], ['plain'], ['special']],
  );
  await bed.mail.trace.flush();
  const found = await flow.trace.search({ user: setup.here }, { limit: 10 });
  const steps = found.results.flatMap((one) => one.steps.map((step) => step['text']));
  assert.ok(steps.includes(`Fetched from localhost (${setup.there.username})`), steps.join('\n'));

  await operations.mailboxes.delete(setup.here, 'Work');
  const gone = await look(setup);
  assert.deepEqual([gone.lastError?.code, gone.failures], ['mailbox', 1]);
});

test('what is wrong is told in words, tried less often, and forgotten when it works again', async () => {
  const setup = await setUp({ password: 'wrong' }, [message('one')]);
  const { external } = bed.store;
  const wrong = await look(setup);
  assert.equal(wrong.lastError?.code, 'signIn');
  assert.ok(wrong.next.getTime() - bed.clock.ms >= 0.9 * 3_600_000);
  const cases = [
    [{ port: 1 }, 'connection'],
    [{ tls: 'implicit', port: remote.worker.port('imaps') }, 'certificate'],
    [{ tls: 'implicit', port: remote.worker.port('imap') }, 'tls'],
    [{ folder: 'Nowhere', password: setup.there.password }, 'mailbox'],
    [{ kind: 'pop3', port: remote.worker.port('pop3'), password: 'wrong' }, 'signIn'],
    [{ kind: 'pop3', port: remote.worker.port('imap'), password: 'x' }, 'refused'],
    [{ kind: 'pop3', tls: 'implicit', port: remote.worker.port('pop3s') }, 'certificate'],
  ] as const;
  const usual = { kind: 'imap', host: 'localhost', port: remote.worker.port('imap'), tls: 'none', folder: 'INBOX' } as const;
  for (const [changes, code] of cases) {
    await external.change(setup.here, setup.account.id, { ...usual, ...changes });
    assert.equal((await look(setup)).lastError?.code, code, JSON.stringify(changes));
  }
  await external.change(setup.here, setup.account.id, { ...usual, password: setup.there.password });
  const well = await look(setup);
  assert.deepEqual([well.lastError, well.failures, well.fetched], [undefined, 0, 1]);
});

test('a full mailbox: nothing is lost, and it goes on when there is room', async () => {
  const setup = await setUp({ keep: 'delete' }, [message('one'), message('two')]);
  await bed.store.accounts.users.update(setup.here, { quota: 10 });
  const full = await look(setup);
  assert.deepEqual([full.lastError?.code, full.fetched, await remote.count(setup.there)], ['full', 0, 2]);
  await bed.store.accounts.users.update(setup.here, { quota: 0 });
  // What is known of a user is known for a moment.
  const state = await waitFor(async () => {
    const now = await look(setup);
    return now.lastError === undefined ? now : undefined;
  });
  assert.deepEqual([state.lastError, state.fetched, await remote.count(setup.there)], [undefined, 2, 0]);
});

test('an account that points at itself is refused; mail that comes round is taken once', async () => {
  const setup = await setUp({}, [message('round')]);
  const state = await look(setup);
  assert.equal(state.fetched, 1);
  // What came here goes there again, as in a circle of two servers.
  await remote.put(setup.there, await bed.texts(setup.here));
  const again = await look(setup);
  assert.deepEqual([again.fetched, again.refused, again.lastRefusal?.code], [1, 1, 'self']);
  const own = await setUp({ host: '127.0.0.1', port: bed.config.services.imap.port });
  assert.equal((await look(own)).lastError?.code, 'self');
});

test('users who may not sign in get nothing', async () => {
  const setup = await setUp({}, [message('one')]);
  await bed.store.accounts.users.update(setup.here, { disabled: true });
  assert.deepEqual([(await look(setup)).fetched, (await bed.texts(setup.here)).length], [0, 0]);
});

/** As if the worker had died before it wrote down that it had dealt with its last message. */
async function forgetNewest({ account }: Setup): Promise<void> {
  const client = new MongoClient(bed.config.mongo.uri);
  try {
    const messages = client.db().collection('externalMessages');
    const newest = await messages.findOne({ account: ObjectId.createFromHexString(account.id) }, { sort: { uid: -1 } });
    assert.ok(newest);
    await messages.deleteOne({ _id: newest._id });
  } finally {
    await client.close();
  }
}
