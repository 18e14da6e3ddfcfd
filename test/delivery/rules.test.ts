import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import type { DeliveryOutcome } from '../../server/delivery/deliver.ts';
import type { UserId } from '../../server/mail/ids.ts';
import type { FilterAction, FilterQuery } from '../../server/store/types-flow.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { freePort, waitFor } from '../harness/servers.ts';
import { envelopeFrom } from '../harness/envelopes.ts';
import { startSmtpSink, type SmtpSink } from '../harness/smtp-sink.ts';

const hookEvents = new Set<string>();
const hookReceiver = createServer((request, response) => {
  let body = '';
  request.on('data', (bytes: Buffer) => {
    body += bytes.toString();
  });
  request.on('end', () => {
    const { ev, to } = JSON.parse(body) as { ev: string; to: string };
    hookEvents.add(`${ev} ${to}`);
    response.end();
  });
});
let bed: MailBed;
let sink: SmtpSink;
let users = 0;
let transactions = 0;

before(async () => {
  const port = await freePort();
  bed = await openMailBed({ config: { outbound: { port } } });
  sink = await startSmtpSink({ port });
  bed.mx['there.test'] = ['mx.there.test'];
  bed.mx['hooked.test'] = ['mx.there.test'];
  bed.hosts['mx.there.test'] = ['127.0.0.1'];
  await new Promise<void>((resolve) => hookReceiver.listen(0, '127.0.0.1', resolve));
  const hookPort = (hookReceiver.address() as AddressInfo).port;
  await bed.store.webhooks.create({ type: ['mail.*'], url: `http://127.0.0.1:${hookPort}/` });
  bed.store.webhooks.start();
});
after(async () => {
  await bed.close();
  await sink.close();
  hookReceiver.closeAllConnections();
  hookReceiver.close();
});
afterEach(() => {
  sink.messages.length = 0;
});

type Person = { readonly user: UserId; readonly address: string };

async function person(more: object = {}): Promise<Person> {
  users += 1;
  const address = `user${users}@mail.test`;
  return { user: await bed.addUser(address, more), address };
}

async function filter({ user }: Person, query: FilterQuery, action: FilterAction, disabled = false): Promise<void> {
  await bed.store.flow.filters.insert({ user, name: JSON.stringify(action), query, action, disabled });
  bed.store.flow.books.forget(user);
}

const text = (to: string, fields: readonly string[] = [], body = 'Hello there'): string =>
  [
    `From: Ann <ann@there.test>`,
    `To: ${to}`,
    'Subject: Quarterly figures',
    'Message-ID: <q@there.test>',
    ...fields,
    '',
    body,
    '',
  ].join('\r\n');

type Sent = { readonly outcome: DeliveryOutcome | undefined; readonly transaction: string };

async function deliver(to: Person, raw: string, from = 'ann@there.test', quarantine = false): Promise<Sent> {
  transactions += 1;
  const transaction = `t${transactions}`;
  const account = await bed.store.operations.accounts.account(to.user);
  assert.ok(account);
  const recipient = { address: to.address, target: { kind: 'local' as const, account, label: undefined } };
  const [outcome] = await bed.delivery.deliver(
    Buffer.from(`Return-Path: <${from}>\r\nDelivered-To: ${to.address}\r\n${raw}`),
    [{ address: to.address, account, label: undefined }],
    {
      transactionId: transaction,
      receivedAtMs: bed.clock.ms,
      protocol: 'ESMTP',
      hello: 'there.test',
      remoteAddress: '192.0.2.1',
      tls: undefined,
      quarantine,
    },
    { from, recipients: [recipient], body: '7BIT', smtpUtf8: false },
  );
  await bed.pass();
  return { outcome, transaction };
}

async function where(user: UserId): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { path, counts } of await bed.store.operations.mailboxes.list(user))
    if (counts.messages > 0) found[path] = counts.messages;
  return found;
}

test('filters put mail where they say, with the flags they say', async () => {
  const me = await person();
  const work = await bed.store.operations.mailboxes.create(me.user, 'Work');
  await filter(me, { subject: 'QUARTERLY', from: 'ann' }, { mailbox: work.id, seen: true, flag: true });
  await filter(me, { subject: 'quarterly' }, { delete: true }, true);
  await deliver(me, text(me.address));
  assert.deepEqual(await where(me.user), { Work: 1 });
  const { view, release } = await bed.store.operations.views.open(me.user, work.id);
  assert.deepEqual(view.flagsAt(0).toSorted(), ['\\Flagged', '\\Seen']);
  release();
  await bed.store.operations.mailboxes.delete(me.user, 'Work');
  await deliver(me, text(me.address));
  assert.deepEqual(await where(me.user), { INBOX: 1 }, 'a mailbox that is gone');
});

test('spam, delete, reject, and the text, size and attachment of a message', async () => {
  const me = await person();
  await filter(me, { text: 'lottery' }, { spam: true });
  await filter(me, { text: 'BIG', size: 2_000 }, { delete: true });
  await filter(me, { ha: true }, { reject: 'No attachments,\r\nplease' });
  await deliver(me, text(me.address, [], 'You won the LOTTERY'));
  assert.deepEqual(await where(me.user), { Junk: 1 });
  assert.equal((await deliver(me, text(me.address, [], `big ${'x'.repeat(3_000)}`))).outcome?.kind, 'discarded');
  assert.equal((await deliver(me, text(me.address, [], 'big but small'))).outcome?.kind, 'delivered');
  const attached = ['Content-Type: application/pdf', 'Content-Disposition: attachment; filename=x.pdf'];
  const refused = await deliver(me, text(me.address, attached));
  assert.deepEqual(refused.outcome, { kind: 'rejected', reason: 'No attachments, please' });
  assert.deepEqual(await where(me.user), { INBOX: 1, Junk: 1 });
  await filter(me, { subject: 'quarterly' }, { spam: false });
  await deliver(me, text(me.address), 'ann@there.test', true);
  assert.deepEqual(await where(me.user), { INBOX: 2, Junk: 1 }, 'what the checks doubt, the user trusts');
});

test('a filter that stops is the last one', async () => {
  const me = await person();
  await filter(me, {}, { stop: true, keyword: 'first' });
  await filter(me, {}, { delete: true });
  await deliver(me, text(me.address));
  assert.deepEqual(await where(me.user), { INBOX: 1 });
});

test('a copy goes on in a sender’s name of ours, without Return-Path; the original stays', async () => {
  const me = await person({ targets: ['elsewhere@there.test'] });
  const { transaction } = await deliver(me, text(me.address));
  assert.deepEqual(await where(me.user), { INBOX: 1 });
  const [copy] = sink.messages;
  assert.match(copy?.from ?? '', /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=there\.test=ann@mail\.test$/);
  assert.deepEqual(copy?.to, ['elsewhere@there.test']);
  assert.match(copy?.raw ?? '', new RegExp(`^Delivered-To: ${me.address}\\r\\nFrom: Ann`));
  // It comes back: a loop.
  await deliver(me, copy?.raw ?? '');
  assert.equal(sink.messages.length, 1);
  assert.deepEqual(await where(me.user), { INBOX: 2 });
  await bed.mail.trace.flush();
  const trace = await bed.store.flow.trace.get(transaction);
  assert.deepEqual(
    trace?.steps
      .map(({ kind, outcome, to }) => `${kind} ${String(outcome)} ${String(to)}`)
      .toSorted((a, b) => a.localeCompare(b)),
    ['attempt sent elsewhere@there.test', `delivered delivered ${me.address}`, 'signed undefined undefined'],
  );
});

test('forwards end at the limit of the day, and spam is not forwarded', async () => {
  const me = await person({ targets: ['elsewhere@there.test'], forwards: 1 });
  await deliver(me, text(me.address), 'ann@there.test', true);
  await deliver(me, text(me.address));
  await deliver(me, text(me.address));
  assert.equal(sink.messages.length, 1);
  assert.deepEqual(await where(me.user), { INBOX: 2, Junk: 1 });
});

test('an autoreply goes once to each person, and never to machines', async () => {
  const me = await person({ name: 'Me Myself' });
  const { autoreplies } = bed.store.accounts.context.tables;
  await autoreplies.insert({
    user: me.user,
    status: true,
    subject: 'Away',
    text: 'Back on Monday',
    start: new Date(bed.clock.ms - 1_000),
    end: new Date(bed.clock.ms + 86_400_000),
    updated: new Date(),
  });
  bed.store.flow.books.forget(me.user);
  await deliver(me, text(me.address));
  await deliver(me, text(me.address));
  assert.deepEqual(
    sink.messages.map(({ from, to }) => [from, to]),
    [['', ['ann@there.test']]],
  );
  const reply = await simpleParser(sink.messages[0]?.raw ?? '');
  assert.deepEqual(
    [reply.subject, reply.text?.trim(), reply.inReplyTo, reply.from?.text, reply.headers.get('auto-submitted')],
    ['Away', 'Back on Monday', '<q@there.test>', `"Me Myself" <${me.address}>`, 'auto-replied'],
  );
  const machines: readonly (readonly [string, readonly string[], string])[] = [
    ['', [], me.address],
    ['b-owner@there.test', [], me.address],
    ['noreply@there.test', [], me.address],
    ['b@there.test', ['Auto-Submitted: auto-generated'], me.address],
    ['b@there.test', ['Precedence: bulk'], me.address],
    ['b@there.test', ['List-Id: <l.there.test>'], me.address],
    ['b@there.test', [], 'undisclosed-recipients:;'],
  ];
  for (const [from, fields, to] of machines) await deliver(me, text(to, fields), from);
  assert.equal(sink.messages.length, 1);
  await deliver(me, text(me.address, ['Auto-Submitted: no']), 'b@there.test');
  assert.equal(sink.messages.length, 2);
  bed.clock.ms += 5 * 86_400_000;
  await deliver(me, text(me.address), 'ann@there.test');
  assert.equal(sink.messages.length, 2, 'it is over');
  bed.clock.ms = Date.now();
});

test('what leaves is signed for the author’s domain, and the trace tells the whole way', async () => {
  const key = await bed.store.flow.dkim.put({ domain: 'mail.test', selector: 'one' });
  assert.match(key.dnsTxt.value, /^v=DKIM1; k=rsa; p=MIIB/);
  await bed.store.flow.dkim.put({ domain: 'mail.test', selector: 'two', kind: 'ed25519' });
  const raw = Buffer.from('From: me@mail.test\r\nSubject: Signed one\r\n\r\nbody\r\n');
  const envelope = {
    from: 'me@mail.test',
    transactionId: 'signed1',
    body: '7BIT',
    smtpUtf8: false,
    requireTls: false,
    messageId: '',
    subject: '',
  } as const;
  bed.mail.trace.record({
    kind: 'queued',
    transaction: 'signed1',
    atMs: bed.clock.ms,
    from: 'me@mail.test',
    subject: 'Signed one',
    ip: '192.0.2.7',
  });
  sink.options = { onRecipient: (address) => (address.startsWith('no') ? '550 5.1.1 nobody here' : '250 ok') };
  await bed.outgoing.dispatch.sendTo(envelope, ['a@there.test', 'no@there.test'], raw, { now: new Date(bed.clock.ms) });
  await bed.pass();
  sink.options = {};
  assert.deepEqual(
    [...(sink.messages[0]?.raw ?? '').matchAll(/^DKIM-Signature:[^]*? s=(\w+);/gm)]
      .map(([, selector = '']) => selector)
      .toSorted((a, b) => a.localeCompare(b)),
    ['one', 'two'],
  );
  await bed.mail.trace.flush();
  const { trace } = bed.store.flow;
  for (const search of [
    { address: 'No@there.test' },
    { address: 'there.test', subject: 'signed ONE' },
    { ip: '192.0.2.7' },
    { transaction: 'signed1' },
    { address: 'me@mail.test', after: new Date(bed.clock.ms - 1_000) },
  ]) {
    const { results } = await trace.search(search, { limit: 10 });
    assert.ok(
      results.some(({ transaction }) => transaction === 'signed1'),
      JSON.stringify(search),
    );
  }
  assert.equal((await trace.search({ address: 'stranger@there.test' }, { limit: 10 })).total, 0);
  const steps = (await trace.get('signed1'))?.steps ?? [];
  assert.deepEqual(
    steps.map(({ kind, outcome, domain, text: words }) => [kind, outcome ?? domain, words]),
    [
      ['queued', undefined, undefined],
      ['signed', 'mail.test', undefined],
      ['attempt', 'sent', '250 2.0.0 kept'],
      ['attempt', 'failed', '550 5.1.1 nobody here'],
      ['notice', undefined, undefined],
    ],
  );
  await assert.rejects(bed.store.flow.dkim.put({ domain: 'mail.test', selector: 'x', privateKey: 'nonsense' }), /can’t be read/);
  assert.equal(await bed.store.flow.dkim.remove(key.id), true);
  assert.equal((await bed.store.flow.dkim.page('mail', { limit: 10 })).total, 1);
});

test('web hooks hear what is received, sent, put off and returned', async () => {
  const me = await person();
  await deliver(me, text(me.address));
  sink.options = {
    onRecipient: (address) => (address.startsWith('no') ? '550 no' : address.startsWith('later') ? '450 later' : '250 ok'),
  };
  await bed.outgoing.dispatch.sendTo(
    envelopeFrom('me@mail.test', { transactionId: 'hooked' }),
    ['yes@hooked.test', 'no@hooked.test', 'later@hooked.test'],
    Buffer.from('Subject: x\r\n\r\nx\r\n'),
    { now: new Date(bed.clock.ms) },
  );
  await bed.pass();
  sink.options = {};
  for (const event of [
    `mail.received ${me.address}`,
    'mail.delivered yes@hooked.test',
    'mail.bounced no@hooked.test',
    'mail.deferred later@hooked.test',
  ])
    await waitFor(() => hookEvents.has(event), { what: event, timeoutMs: 20_000 });
});
