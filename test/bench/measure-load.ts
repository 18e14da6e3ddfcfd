/** Many clients: a mixed load, what an idle connection costs, and how fast clients can come in. */
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { seeded } from '../harness/probe/seeded.ts';
import { type Bed, login } from './measure.ts';
import { createMail } from './messages.ts';
import { pssBytes } from './processes.ts';
import { quantile, timed } from './statistics.ts';

const MIXED_CONNECTIONS = 16;
const CONNECTIONS_PER_USER = 40;

/** What clients do all day, on mailboxes of one user: small reads mostly, now and then a change. */
export async function measureMixedLoad(bed: Bed, seconds: number): Promise<void> {
  const small = createMail(50, 99);
  const setup = await login(bed);
  await setup.ok('CREATE Mixed');
  await setup.ok('SELECT INBOX');
  for (let n = 0; n < 200; n += 1) await setup.append('Mixed', small.message(n % small.count).raw.subarray(0, 20_000));
  const times: number[] = [];
  const until = performance.now() + seconds * 1_000;
  await Promise.all(
    Array.from({ length: MIXED_CONNECTIONS }, async (_, n) => {
      const random = seeded(n + 1);
      const imap = await login(bed, { keepLiterals: false });
      let exists = 0;
      imap.onUntagged = ({ text }) => {
        const told = /^\* (\d+) EXISTS/.exec(text);
        if (told !== null) exists = Number(told[1]);
        else if (/^\* \d+ EXPUNGE/.test(text)) exists -= 1;
      };
      await imap.ok('SELECT Mixed');
      while (performance.now() < until) {
        const at = 1 + Math.floor(random() * Math.max(1, exists));
        const kind = random();
        const startedAt = performance.now();
        if (kind < 0.35) await imap.run(`FETCH ${at}:${Math.min(exists, at + 20)} (UID FLAGS)`);
        else if (kind < 0.55) await imap.run(`FETCH ${at} (UID ENVELOPE BODYSTRUCTURE)`);
        else if (kind < 0.7) await imap.run(`FETCH ${at} (BODY.PEEK[])`);
        else if (kind < 0.8) await imap.run(`STORE ${at} ${random() < 0.5 ? '+' : '-'}FLAGS (\\Seen)`);
        else if (kind < 0.88) await imap.run('NOOP');
        else if (kind < 0.93) await imap.run(`SEARCH ${random() < 0.5 ? 'UNSEEN' : 'FROM anna'}`);
        else if (kind < 0.97) await imap.run('STATUS INBOX (MESSAGES UNSEEN)');
        else await imap.append('Mixed', small.message(Math.floor(random() * small.count)).raw.subarray(0, 20_000));
        times.push(performance.now() - startedAt);
      }
      imap.close();
    }),
  );
  await setup.ok('DELETE Mixed');
  setup.close();
  bed.add('mixed load, 16 connections', times.length / seconds, 'ops/s', 'more');
  bed.add('mixed load, p99', quantile(times, 0.99), 'ms', 'less');
}

/**
 * Connections that have logged in, selected and gone idle; the mail server was restarted before. As many are opened before the measured ones: they pay for what all share, and they let a
 * garbage-collected heap reach its working size, which would else be divided among the measured.
 */
export async function measureIdle(bed: Bed, connections: number): Promise<void> {
  const { target, add } = bed;
  // A user has a limit of connections, as well he should.
  const users = [bed.user];
  while (users.length * CONNECTIONS_PER_USER < connections * 2) users.push(await target.createUser());
  await target.restart();
  const open: ImapProbe[] = [];
  const enter = async (): Promise<void> => {
    const user = users[open.length % users.length] ?? bed.user;
    const imap = await ImapProbe.login(target.imapPort, user.username, user.password);
    open.push(imap);
    await imap.ok('SELECT INBOX');
    await imap.idle();
  };
  const enterAll = async (): Promise<void> => {
    const shares = Array.from({ length: 4 }, async () => {
      for (let n = 0; n < connections / 4; n += 1) await enter();
    });
    await Promise.all(shares);
  };
  for (const _ of users) await enter();
  await enterAll();
  const before = await settled(target.serverPids);
  const ms = await timed(enterAll);
  const after = await settled(target.serverPids);
  for (const imap of open) imap.close();
  add('memory of an idle connection', (after - before) / connections / 1_024, 'KB', 'less');
  add('login + SELECT + IDLE, 4 at a time', (connections / ms) * 1_000, 'per second', 'more');
}

/** Memory when it has come to rest: the least of several looks. */
async function settled(pids: () => readonly number[]): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 8; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    least = Math.min(least, pssBytes(pids()));
  }
  return least;
}
