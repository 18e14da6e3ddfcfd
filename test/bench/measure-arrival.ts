/** Mail coming in: LMTP, APPEND, and how soon an idle client hears of it. */
import { setImmediate as turn } from 'node:timers/promises';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { type Bed, login, shareOut } from './measure.ts';
import { quantile, timed } from './statistics.ts';

const CONNECTIONS = 4;

/** All the mail into the user's INBOX: what everything after it reads. */
export async function measureDelivery({ target, mail, user, add }: Bed): Promise<void> {
  const ms = await timed(() =>
    shareOut(
      mail.count,
      CONNECTIONS,
      () => LmtpProbe.connect(target.lmtpPort),
      async (lmtp, index) => {
        const [reply] = await lmtp.deliver(mail.message(index).raw, [user.username]);
        if (reply?.code !== 250) throw new Error(`delivery → ${reply?.code} ${reply?.text}`);
      },
    ),
  );
  add('LMTP delivery, 4 connections', (mail.count / ms) * 1_000, 'msgs/s', 'more');
  add('LMTP delivery, 4 connections', mail.totalBytes / 1_000 / ms, 'MB/s', 'more');
}

export async function measureAppend(bed: Bed): Promise<void> {
  const { mail, add } = bed;
  const count = Math.min(mail.count, Math.max(200, Math.floor(mail.count / 5)));
  const setup = await login(bed);
  await setup.ok('CREATE Appended');
  const ms = await timed(() =>
    shareOut(
      count,
      CONNECTIONS,
      () => login(bed),
      async (imap, index) => {
        const reply = await imap.append('Appended', mail.message(index).raw, '(\\Seen)');
        if (reply.status !== 'OK') throw new Error(`APPEND → ${reply.text}`);
      },
    ),
  );
  add('APPEND, 4 connections', (count / ms) * 1_000, 'msgs/s', 'more');
  await setup.ok('DELETE Appended');
  setup.close();
}

/** From the 250 of a small delivery to EXISTS on an idle connection; below zero when the client hears before the sender. */
export async function measurePush(bed: Bed): Promise<void> {
  const { target, user, add } = bed;
  const imap = await login(bed);
  await imap.ok('SELECT Archive');
  await imap.ok('SELECT INBOX');
  const heard = { at: 0 };
  imap.onUntagged = ({ text }) => {
    if (/^\* \d+ EXISTS/.test(text)) heard.at = performance.now();
  };
  const done = await imap.idle();
  const lmtp = await LmtpProbe.connect(target.lmtpPort);
  const times: number[] = [];
  for (let n = 0; n < 40; n += 1) {
    heard.at = 0;
    const raw = Buffer.from(`Subject: push ${n}\r\nMessage-ID: <push.${n}.${performance.now()}@example.net>\r\n\r\nnews\r\n`);
    const [reply] = await lmtp.deliver(raw, [user.username]);
    const answeredAt = performance.now();
    if (reply?.code !== 250) throw new Error(`delivery → ${reply?.code} ${reply?.text}`);
    while (heard.at === 0 && performance.now() - answeredAt < 5_000) await turn();
    times.push(heard.at === 0 ? Number.POSITIVE_INFINITY : heard.at - answeredAt);
  }
  await done();
  lmtp.close();
  // The news goes again, or what follows would count it.
  await imap.ok('UID STORE 1:* +FLAGS.SILENT ()').catch(() => {});
  const { untagged } = await imap.ok('SEARCH SUBJECT push HEADER Message-ID push.');
  const numbers = untagged.flatMap(({ text }) => text.split(' ').slice(2)).filter((one) => one !== '');
  if (numbers.length > 0) {
    await imap.ok(`STORE ${numbers.join(',')} +FLAGS.SILENT (\\Deleted)`);
    await imap.ok('EXPUNGE');
  }
  imap.close();
  add('push, 250 → EXISTS, p50', quantile(times, 0.5), 'ms', 'less');
  add('push, 250 → EXISTS, p99', quantile(times, 0.99), 'ms', 'less');
}
