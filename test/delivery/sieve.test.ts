/** Sieve scripts in delivery: where mail goes, and that none is lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { UserId } from '../../server/mail/ids.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { startSmtpSink, type SmtpSink } from '../harness/smtp-sink.ts';
import { waitFor } from '../harness/servers.ts';

let bed: MailBed;
let sink: SmtpSink;
let count = 0;
before(async () => {
  sink = await startSmtpSink();
  const relay = { host: '127.0.0.1', port: sink.port, tls: 'none' as const };
  bed = await openMailBed({ config: { outbound: { mode: 'relay', relay } } });
});
after(async () => {
  await bed.close();
  await sink.close();
});

type Person = { readonly id: UserId; readonly address: string };

async function withScript(text: string): Promise<Person> {
  count += 1;
  const address = `p${count}@mail.test`;
  const id = await bed.addUser(address);
  await bed.store.sieve.put(id, 'main', text);
  await bed.store.sieve.activate(id, 'main');
  return { id, address };
}

async function deliver({ address }: Person, more = 'Subject: hello\r\n', to = address): Promise<string> {
  count += 1;
  const found = await bed.store.operations.accounts.resolveRecipient(to);
  assert.ok(found.kind === 'user');
  const envelope = {
    from: 'ann@else.test',
    recipients: [{ address: to, target: { kind: 'local' as const, account: found.account, label: found.label } }],
    body: '8BITMIME' as const,
    smtpUtf8: false,
  };
  const origin = {
    transactionId: `t${count}`,
    receivedAtMs: Date.now(),
    protocol: 'ESMTP',
    hello: 'else.test',
    remoteAddress: '192.0.2.1',
    tls: undefined,
  };
  const raw = `Return-Path: <ann@else.test>\r\nFrom: ann@else.test\r\nTo: ${address}\r\n${more}Message-ID: <m${count}@else.test>\r\n\r\nbody\r\n`;
  const [outcome] = await bed.delivery.deliver(
    Buffer.from(raw),
    [{ address: to, account: found.account, label: found.label }],
    origin,
    envelope,
  );
  return outcome?.kind === 'rejected' ? `rejected ${outcome.reason}` : (outcome?.kind ?? 'none');
}

const numberIn = async ({ id }: Person, path = 'INBOX'): Promise<number> => (await bed.texts(id, path)).length;
const sentTo = (address: string): readonly string[] =>
  sink.messages.filter(({ to }) => to.includes(address)).map(({ raw }) => raw);

test('fileinto, with flags, more than once, made where asked; keep is INBOX once', async () => {
  const person = await withScript(
    'require ["fileinto", "imap4flags", "mailbox"]; fileinto :flags "\\\\Seen" "Archive"; fileinto :create "New/Deep"; keep; fileinto "INBOX";',
  );
  assert.equal(await deliver(person), 'delivered');
  assert.deepEqual([await numberIn(person), await numberIn(person, 'Archive'), await numberIn(person, 'New/Deep')], [1, 1, 1]);
  const archive = await bed.store.operations.mailboxes.findByPath(person.id, 'Archive');
  assert.equal(archive?.counts.unseen, 0);
});

test('discard, reject, redirect', async () => {
  assert.deepEqual([await deliver(await withScript('discard;'))], ['discarded']);
  assert.equal(await deliver(await withScript('require "reject"; reject "Go\r\naway";')), 'rejected Go away');
  const person = await withScript('redirect "x1@far.test";');
  assert.equal(await deliver(person), 'discarded');
  await bed.pass();
  await waitFor(() => sentTo('x1@far.test').length === 1);
  assert.equal(await numberIn(person), 0);
});

test('an edited header is what is kept, and what is redirected', async () => {
  const person = await withScript(
    'require ["editheader", "copy"]; addheader "X-Seen" "yes"; deleteheader "Subject"; redirect :copy "x2@far.test";',
  );
  await deliver(person);
  const [text = ''] = await bed.texts(person.id);
  assert.ok(
    text.startsWith('X-Seen: yes\r\nReturn-Path:') && !text.includes('Subject') && text.endsWith('\r\n\r\nbody\r\n'),
    text,
  );
  await bed.pass();
  await waitFor(() => sentTo('x2@far.test').some((raw) => raw.includes('X-Seen: yes')));
});

test('what goes wrong keeps the message and is told', async () => {
  const broken = await withScript('require ["variables", "fileinto"]; set "a" "";\r\nfileinto "${a}";');
  assert.equal(await deliver(broken), 'delivered');
  assert.equal(await numberIn(broken), 1);
  const trouble = await waitFor(() => bed.store.sieve.trouble(broken.id));
  assert.deepEqual([trouble.line, trouble.script, trouble.text], [2, 'main', 'fileinto wants the name of a mailbox']);
  await bed.mail.trace.flush();
  const { results } = await bed.store.flow.trace.search({ address: broken.address }, { limit: 5 });
  assert.ok(results.some(({ steps }) => steps.some(({ text }) => String(text as string).includes('line 2: fileinto wants'))));

  const nowhere = await withScript('require "fileinto"; fileinto "Nowhere";');
  assert.equal(await deliver(nowhere), 'delivered');
  assert.equal(await numberIn(nowhere), 1);
  const loop = await withScript('redirect "x3@far.test";');
  assert.equal(await deliver(loop, `Delivered-To: ${loop.address}\r\nX: 1\r\n`), 'delivered');
  assert.equal(await numberIn(loop), 1);
});

test('filters come first; mail that they put into Junk stays there by default', async () => {
  const person = await withScript('require "fileinto"; if header :contains "subject" "move" { fileinto "Archive"; }');
  await bed.store.flow.filters.insert({
    user: person.id,
    name: '',
    query: { subject: 'spam' },
    action: { spam: true },
    disabled: false,
  });
  bed.store.flow.books.forget(person.id);
  await deliver(person, 'Subject: spam\r\n');
  await deliver(person, 'Subject: spam to move\r\n');
  await deliver(person, 'Subject: move\r\n');
  assert.deepEqual([await numberIn(person), await numberIn(person, 'Junk'), await numberIn(person, 'Archive')], [0, 1, 2]);
});

test('vacation answers once for each sender and handle; duplicate sees what was there, and not what failed', async () => {
  const person = await withScript(
    'require "vacation"; vacation :subject "Away" :mime "Content-Type: text/html\r\n\r\n<b>gone</b>";',
  );
  await deliver(person);
  await deliver(person);
  await bed.pass();
  await waitFor(() => sentTo('ann@else.test').some((raw) => raw.includes('Subject: Away')));
  const answers = sentTo('ann@else.test').filter(
    (raw) => raw.includes(`From: ${person.address}`) || raw.includes(`<${person.address}>`),
  );
  assert.equal(answers.length, 1);
  assert.ok(
    /Content-Type: text\/html\r\n\r\n<b>gone<\/b>/.test(answers[0] ?? '') &&
      /auto-submitted: auto-replied/i.test(answers[0] ?? ''),
    answers[0],
  );

  const once = await withScript('require ["duplicate", "subaddress", "envelope"]; if duplicate :header "subject" { discard; }');
  assert.deepEqual(
    [await deliver(once), await deliver(once), await deliver(once, 'Subject: other\r\n')],
    ['delivered', 'discarded', 'delivered'],
  );
  const full = await withScript('require "duplicate"; if duplicate :header "subject" { discard; }');
  await bed.store.accounts.users.update(full.id, { quota: 1 });
  await waitFor(async () => (await deliver(full)) === 'over-quota');
  await bed.store.accounts.users.update(full.id, { quota: 0 });
  await waitFor(async () => (await deliver(full)) === 'delivered');
});

test('the address as it was written is in the envelope', async () => {
  const person = await withScript(
    'require ["envelope", "subaddress", "fileinto"]; if envelope :detail "to" "arch" { fileinto "Archive"; }',
  );
  await deliver(person, 'Subject: x\r\n', person.address.replace('@', '+arch@'));
  assert.equal(await numberIn(person, 'Archive'), 1);
});
