/** A mailbox of 200,000 messages at full scale: what a client asks first, and what it asks every time. */
import type { ImapProbe } from '../harness/probe/imap-probe.ts';
import { type Bed, login } from './measure.ts';
import { median, timed } from './statistics.ts';

const SEED = 1_000;
const ROUNDS = 3;

function smallMessage(n: number): Buffer {
  const lines = [
    `From: Sender ${n % 50} <sender${n % 50}@example.test>`,
    'To: user@example.test',
    `Subject: Report ${n} of ${['harvest', 'stock', 'weather', 'roads'][n % 4]}`,
    `Date: Mon, ${1 + (n % 28)} Jun 2026 08:00:00 +0000`,
    `Message-ID: <large.${n}@bench.example.test>`,
    '',
    `Line one of report ${n}.`,
    'x'.repeat(200 + (n % 800)),
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

/** @param count messages; whole thousands */
export async function measureLarge(bed: Bed, count: number): Promise<void> {
  const { add, target } = bed;
  const copies = Math.max(1, Math.round(count / SEED));
  const total = copies * SEED;
  const maker = await login(bed);
  await maker.ok('CREATE Seed');
  await maker.ok('CREATE Large');
  for (let n = 0; n < SEED; n += 1) await maker.append('Seed', smallMessage(n));
  await maker.ok('SELECT Seed');
  for (let n = 0; n < copies; n += 1) await maker.ok('COPY 1:* Large');
  maker.close();

  // Nothing in the server's memory, as after an update or a quiet night.
  await target.restart();
  const imap = await login(bed, { keepUntagged: false });
  const title = (what: string): string => `${total} messages: ${what}`;
  add(title('first SELECT'), await timed(() => imap.ok('SELECT Large')), 'ms', 'less');
  add(title('SELECT again'), await medianOf(() => imap.ok('SELECT Large')), 'ms', 'less');
  const flagsMs = await timed(() => imap.ok('UID FETCH 1:* (FLAGS)'));
  add(title('all flags'), (total / flagsMs) * 1_000, 'msgs/s', 'more');
  add(
    title('the newest 50, listed'),
    await medianOf(() => imap.ok(`FETCH ${total - 49}:* (UID FLAGS ENVELOPE BODYSTRUCTURE)`)),
    'ms',
    'less',
  );
  add(title('SEARCH UNSEEN'), await medianOf(() => imap.ok('UID SEARCH RETURN (COUNT) UNSEEN')), 'ms', 'less');
  add(title('SEARCH SUBJECT, first time'), await timed(() => imap.ok('UID SEARCH RETURN (COUNT) SUBJECT harvest')), 'ms', 'less');
  add(title('SEARCH SUBJECT, again'), await medianOf(() => imap.ok('UID SEARCH RETURN (COUNT) SUBJECT harvest')), 'ms', 'less');
  add(title('resync after 10 changes'), await resync(bed, imap, total), 'ms', 'less');
  imap.close();
}

/** From connecting to knowing, as a client does that kept what it had. */
async function resync(bed: Bed, other: ImapProbe, total: number): Promise<number> {
  const times: number[] = [];
  const teller = await login(bed);
  for (let round = 0; round < ROUNDS; round += 1) {
    const { untagged } = await teller.ok('STATUS Large (HIGHESTMODSEQ)');
    const modseq = /HIGHESTMODSEQ (\d+)/.exec(untagged.map(({ text }) => text).join('\n'))?.[1] ?? '1';
    const some = Array.from({ length: 10 }, (_, n) => 1 + ((n * 19_997 + round * 31) % total)).join(',');
    await other.ok(`STORE ${some} +FLAGS.SILENT (changed${round})`);
    times.push(
      await timed(async () => {
        const imap = await login(bed);
        await imap.ok('SELECT Large (CONDSTORE)');
        const changed = await imap.ok(`UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${modseq})`);
        if (changed.untagged.length < 10) throw new Error('the changes were not told');
        imap.close();
      }),
    );
  }
  teller.close();
  return median(times);
}

async function medianOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) times.push(await timed(work));
  return median(times);
}
