import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { simpleParser } from 'mailparser';
import type { ListFields } from '../../server/store/types-accounts.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { envelopeFrom } from '../harness/envelopes.ts';
import { freePort } from '../harness/servers.ts';
import { startSmtpSink, type SmtpSink } from '../harness/smtp-sink.ts';

let bed: MailBed;
let sink: SmtpSink;
let count = 0;

before(async () => {
  const port = await freePort();
  bed = await openMailBed({ config: { outbound: { port } } });
  sink = await startSmtpSink({ port });
  bed.mx['there.test'] = ['mx.there.test'];
  bed.hosts['mx.there.test'] = ['127.0.0.1'];
});
after(async () => {
  await bed.close();
  await sink.close();
});
afterEach(() => {
  sink.messages.length = 0;
});

type Person = { readonly address: string; readonly user: Awaited<ReturnType<MailBed['addUser']>> };

async function person(): Promise<Person> {
  count += 1;
  const address = `p${count}@mail.test`;
  return { address, user: await bed.addUser(address) };
}

async function list(members: readonly string[], rules: Partial<ListFields> & { moderators: string[] }) {
  count += 1;
  const address = `news${count}@mail.test`;
  const id = await bed.store.accounts.addresses.addForwarder({
    address,
    name: 'The News',
    targets: members,
    list: { posting: 'anyone', moderated: false, ...rules },
  });
  return { id, address, at: (role: string) => address.replace('@', `-${role}@`) };
}

const text = (from: string, to: string, subject = 'Hello all', more = ''): Buffer =>
  Buffer.from(
    `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: <${count}.${subject.length}@x>\r\n${more}\r\nHello\r\n`,
  );

/** As submission or SMTP would hand it over. */
async function post(from: string, to: string, message = text(from, to), user?: string): Promise<string> {
  count += 1;
  const transactionId = `t${count}`;
  await bed.outgoing.dispatch.sendTo(
    envelopeFrom(from, { transactionId, subject: 'Hello all', ...(user === undefined ? {} : { user }) }),
    [to],
    message,
    { now: new Date(bed.clock.ms) },
  );
  await bed.pass();
  return transactionId;
}

const subjects = async ({ user }: Person): Promise<string[]> =>
  Promise.all((await bed.texts(user)).map(async (raw) => (await simpleParser(raw)).subject ?? ''));

test('a post reaches members here and elsewhere, known as the list’s, with bounces to its owner', async () => {
  const [owner, member] = [await person(), await person()];
  const news = await list([member.address, 'far@there.test'], { moderators: [owner.address] });
  await post('ann@there.test', news.address);
  const [raw = ''] = await bed.texts(member.user);
  const { headers } = await simpleParser(raw);
  assert.match(raw, new RegExp(`^Return-Path: <${news.at('bounces')}>`));
  assert.match(raw, new RegExp(`^List-Id: The News <${news.address.replace('@', '.')}>`, 'm'));
  assert.match(raw, new RegExp(`^List-Post: <mailto:${news.address}>`, 'm'));
  assert.equal(headers.get('precedence'), 'list');
  assert.ok(headers.get('list'));
  assert.deepEqual(
    sink.messages.map(({ from, to }) => [from, to]),
    [[news.at('bounces'), ['far@there.test']]],
  );
  await post('', news.at('bounces'), text('MAILER-DAEMON@there.test', news.at('bounces'), 'Undelivered'));
  await post('eve@there.test', news.at('owner'), text('eve@there.test', news.at('owner'), 'Please help'));
  assert.deepEqual(await subjects(owner), ['Undelivered', 'Please help']);
});

test('only members write to a list for members, by whichever of their addresses', async () => {
  const [owner, member] = [await person(), await person()];
  const other = await bed.store.accounts.addresses.add(member.user, { address: `also.${member.address}` });
  assert.ok(other);
  const news = await list([member.address], { posting: 'members', moderators: [owner.address] });
  await post(`also.${member.address}`, news.address, undefined, member.user);
  assert.deepEqual(await subjects(member), ['Hello all']);
  await post('stranger@there.test', news.address);
  assert.equal((await bed.texts(member.user)).length, 1);
  const [bounce] = sink.messages;
  assert.deepEqual([bounce?.from, bounce?.to], ['', ['stranger@there.test']]);
  assert.match(String(bounce?.raw), /Only its members may write/);
  assert.match(String(bounce?.raw), /Status: 5\.7\.1/);
});

test('a moderated post waits; a moderator approves by mail, and only with the code', async () => {
  const [owner, member] = [await person(), await person()];
  const news = await list([member.address], { moderated: true, moderators: [owner.address] });
  await post('ann@there.test', news.address);
  assert.deepEqual(await bed.texts(member.user), []);
  const [held] = await bed.outgoing.queue.find({ heldFor: news.id });
  assert.equal(held?.state, 'held');
  const [question = ''] = await bed.texts(owner.user);
  const asked = await simpleParser(question);
  assert.match(asked.text ?? '', /ann@there\.test/);
  assert.match(question, /Content-Type: message\/rfc822[\s\S]*Subject: Hello all/);
  const link = /mailto:(\S+)\?subject=(approve\S+)/.exec(asked.text ?? '');
  const subject = decodeURIComponent(link?.[2] ?? '');
  assert.equal(decodeURIComponent(link?.[1] ?? ''), news.at('moderate'));

  const answer = (words: string, more = '') =>
    post(owner.address, news.at('moderate'), text(owner.address, news.at('moderate'), words, more), owner.user);
  await answer(subject.replace(/.$/, (last) => (last === '0' ? '1' : '0')));
  await answer(subject, 'Auto-Submitted: auto-replied\r\n');
  assert.deepEqual(await bed.texts(member.user), [], 'a wrong code and an automatic reply decide nothing');
  await answer(`Re: ${subject}`);
  await bed.pass();
  assert.deepEqual(await subjects(member), ['Hello all']);
  await answer(subject);
  await bed.pass();
  assert.equal((await bed.texts(member.user)).length, 1, 'once');
  const told = await subjects(owner);
  assert.ok(
    told.some((one) => one.includes('is passed on')),
    told.join('|'),
  );
  assert.ok(
    told.some((one) => one.includes('somebody else has decided')),
    told.join('|'),
  );
});

test('a refused post comes back, a discarded one does not; a moderator who signed in writes at once, a forged one waits', async () => {
  const [owner, member] = [await person(), await person()];
  const news = await list([member.address], { moderated: true, moderators: [owner.address] });
  const { queue } = bed.outgoing;
  await post('ann@there.test', news.address);
  await post('bob@there.test', news.address);
  const [first, second] = await queue.find({ heldFor: news.id });
  await queue.giveUp(first?.id ?? '', 'Not here, please', new Date(bed.clock.ms));
  await queue.remove(second?.id ?? '');
  await bed.pass();
  assert.deepEqual(
    sink.messages.map(({ to }) => to),
    [['ann@there.test']],
  );
  assert.match(String(sink.messages[0]?.raw), /Not here, please/);
  await post(owner.address, news.address, text(owner.address, news.address, 'From the owner'), owner.user);
  assert.deepEqual(await subjects(member), ['From the owner']);
  await post(owner.address, news.address, text(owner.address, news.address, 'Forged'));
  assert.deepEqual(await subjects(member), ['From the owner']);
  assert.equal((await queue.find({ heldFor: news.id })).length, 1);
});

test('lists that are members of each other do not loop, and everybody gets one', async () => {
  const [owner, member] = [await person(), await person()];
  const one = await list([member.address], { moderators: [owner.address] });
  const two = await list([one.address, member.address], { moderators: [owner.address] });
  await bed.store.accounts.addresses.updateForwarder(one.id, { targets: [member.address, two.address] });
  const transaction = await post('ann@there.test', two.address);
  for (let round = 0; round < 5; round += 1) await bed.pass(1_000);
  assert.ok((await bed.texts(member.user)).length <= 2);
  assert.deepEqual(await bed.outgoing.queue.find({ transaction }), []);
});

test('a post that no moderator looks at goes back after its time', async () => {
  const [owner, member] = [await person(), await person()];
  const news = await list([member.address], { moderated: true, moderators: [owner.address] });
  await post('ann@there.test', news.address);
  assert.equal(await bed.mail.expirePosts(), 0);
  bed.clock.ms += 15 * 86_400_000;
  // Others of this file wait as well.
  assert.ok((await bed.mail.expirePosts()) >= 1);
  await bed.pass();
  assert.deepEqual(await bed.outgoing.queue.find({ heldFor: news.id }), []);
  assert.ok(sink.messages.some(({ to, raw }) => to.includes('ann@there.test') && raw.includes('No moderator has looked')));
});
