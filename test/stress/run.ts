/**
 * Many clients on one mailbox, over one or several workers, with checkpoints: everybody stops, asks once for news (NOOP), and then all must have the same picture of the mailbox, and it must be what
 * FETCH says. The equivalent of ImapTest's stress, seeded: the same seed makes the same choices.
 */
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { seeded } from '../harness/probe/seeded.ts';
import { ModelSession, Violation } from '../harness/probe/session-model.ts';
import { type Mode, StressClient } from './client.ts';

export type StressOptions = {
  /** One per worker; clients are dealt out among them. */
  readonly ports: readonly number[];
  readonly user: { readonly username: string; readonly password: string };
  readonly clients: number;
  readonly mode: Mode;
  readonly seed: number;
  readonly seconds: number;
  /** Commands of each client between two checkpoints. */
  readonly commandsPerRound?: number;
};

export type StressReport = { readonly commands: number; readonly checkpoints: number; readonly messages: number };

let mailboxes = 0;

/** Throws the first Violation. */
export async function runStress(options: StressOptions): Promise<StressReport> {
  const { clients: count, seed, mode, ports, user } = options;
  mailboxes += 1;
  const mailbox = `stress${mailboxes}`;
  const violations: Violation[] = [];
  const setup = await ImapProbe.login(ports[0] ?? 0, user.username, user.password);
  for (const name of [mailbox, `${mailbox}x`]) await setup.ok(`CREATE ${name}`);
  setup.close();
  const clients: StressClient[] = [];
  for (let n = 0; n < count; n += 1) {
    const probe = await ImapProbe.login(ports[n % ports.length] ?? 0, user.username, user.password);
    const name = `client ${n + 1}`;
    const session = new ModelSession(probe, { name, onViolation: (violation) => violations.push(violation), traceLines: 60 });
    clients.push(new StressClient(session, { mode, random: seeded(seed * 1_009 + n), mailbox, number: n }));
  }
  let checkpoints = 0;
  try {
    for (const client of clients) await client.enter();
    const until = performance.now() + options.seconds * 1_000;
    while (performance.now() < until && violations.length === 0) {
      await Promise.all(
        clients.map(async (client) => {
          for (let n = 0; n < (options.commandsPerRound ?? 25) && violations.length === 0; n += 1) await client.step();
        }),
      );
      if (violations.length > 0) break;
      await checkpoint(clients);
      checkpoints += 1;
    }
  } catch (error) {
    // A violation is the cause of whatever follows from it.
    throw violations[0] ?? error;
  } finally {
    for (const { session } of clients) session.probe.close();
  }
  const [first] = violations;
  if (first !== undefined) throw new Violation(`seed ${seed}, ${mode}, ${ports.length} workers: ${first.message}`);
  return {
    commands: clients.reduce((sum, client) => sum + client.commands, 0),
    checkpoints,
    messages: clients[0]?.session.messages.length ?? 0,
  };
}

async function checkpoint(clients: readonly StressClient[]): Promise<void> {
  await Promise.all(clients.map(({ session }) => session.ok('NOOP')));
  const believed = clients.map(({ session }) => session.messages.map((message) => ({ ...message })));
  await Promise.all(
    clients.map(async (client) => {
      const items = client.tellsModseq ? '(UID FLAGS MODSEQ)' : '(UID FLAGS)';
      if (client.session.messages.length > 0) await client.session.ok(`FETCH 1:* ${items}`);
    }),
  );
  const [first] = clients;
  if (first === undefined) return;
  const shown = first.session.messages.map(({ uid, flags }) => picture(uid, flags));
  for (const [n, client] of clients.entries()) {
    const { session } = client;
    const before = believed[n] ?? [];
    if (before.length !== session.messages.length)
      session.fail(`NOOP left ${before.length} messages, FETCH knows ${session.messages.length}`);
    for (const [at, now] of session.messages.entries()) {
      const was = before[at];
      if (picture(now.uid, now.flags) !== shown[at]) {
        session.fail(
          `checkpoint: message ${at + 1} is ${picture(now.uid, now.flags)} here and ${shown[at]} for ${first.session.name}`,
        );
      }
      if (was?.flags !== undefined && picture(now.uid, was.flags) !== shown[at]) {
        session.fail(`checkpoint: believed ${picture(now.uid, was.flags)} of message ${at + 1}, which is ${shown[at]}`);
      }
    }
    if (session.messages.length !== shown.length)
      session.fail(`checkpoint: ${session.messages.length} messages here, ${shown.length} for ${first.session.name}`);
    checkOwn(client);
  }
  checkModseqs(clients);
  checkRecent(clients);
}

function picture(uid: number | undefined, flags: readonly string[] | undefined): string {
  // Keywords are compared without case, as they are one (RFC 9051 §2.3.2).
  const shown = (flags ?? ['?']).filter((flag) => flag.toLowerCase() !== '\\recent').map((flag) => flag.toLowerCase());
  return `${uid} (${shown.sort().join(' ')})`;
}

function checkOwn({ session, mode, ownMessages, ownFlags, ownKeyword }: StressClient): void {
  const byUid = new Map(session.messages.map((message) => [message.uid, message]));
  if (mode === 'own-messages') {
    for (const [uid, flags] of ownMessages) {
      const message = byUid.get(uid);
      if (message === undefined) session.fail(`own message ${uid} is gone`);
      else if (picture(uid, message.flags) !== picture(uid, [...flags])) {
        session.fail(`own message: ${picture(uid, message.flags)} instead of ${picture(uid, [...flags])}`);
      }
    }
  }
  for (const [uid, on] of ownFlags) {
    const message = byUid.get(uid);
    if (message !== undefined && message.flags?.includes(ownKeyword) !== on) session.fail(`own flag of ${uid} is not ${on}`);
  }
}

/** All sessions that are told MODSEQ are told the same. */
function checkModseqs(clients: readonly StressClient[]): void {
  const [first, ...rest] = clients.filter((client) => client.tellsModseq);
  for (const { session } of rest) {
    for (const [at, { modseq, uid }] of session.messages.entries()) {
      const other = first?.session.messages[at]?.modseq;
      if (modseq !== other)
        session.fail(`checkpoint: MODSEQ of ${uid} is ${modseq} here and ${other} for ${first?.session.name}`);
    }
  }
}

/** RFC 3501 §2.3.2: \Recent in one session at most. */
function checkRecent(clients: readonly StressClient[]): void {
  const owner = new Map<number, string>();
  for (const { session } of clients) {
    for (const uid of session.recentUids) {
      const other = owner.get(uid);
      if (other !== undefined) session.fail(`UID ${uid} was recent for ${other} as well`);
      owner.set(uid, session.name);
    }
  }
}
