/**
 * One client of the stress: it picks commands from a seed and its own picture of the mailbox, and its session's model checks every response. What it may touch depends on the mode:
 *
 * - `checkpoint`: anything, on any message
 * - `own-messages`: changes only messages that it appended, and knows what must have become of them
 * - `own-flags`: changes on every message only the one keyword that is its own, and knows what it left there
 */
import { type Random, below, pick } from '../harness/probe/seeded.ts';
import type { ModelSession } from '../harness/probe/session-model.ts';

export type Mode = 'checkpoint' | 'own-messages' | 'own-flags';

const FLAGS = ['\\Seen', '\\Flagged', '\\Answered', '\\Draft', 'red', 'green', 'Blue'];
const MAX_MESSAGES = 120;

export class StressClient {
  readonly session: ModelSession;
  readonly mode: Mode;
  readonly ownKeyword: string;
  /** Own messages that must exist: UID and the flags this client left. */
  readonly ownMessages = new Map<number, Set<string>>();
  /** What this client left of its keyword, by UID. */
  readonly ownFlags = new Map<number, boolean>();
  commands = 0;
  readonly #random: Random;
  readonly #mailbox: string;
  readonly #qresync: boolean;
  readonly #condstore: boolean;

  constructor(session: ModelSession, options: { mode: Mode; random: Random; mailbox: string; number: number }) {
    this.session = session;
    this.mode = options.mode;
    this.#random = options.random;
    this.#mailbox = options.mailbox;
    this.ownKeyword = `own${options.number}`;
    // Every kind of client beside every other.
    this.#qresync = options.number % 4 === 3;
    this.#condstore = this.#qresync || options.number % 2 === 1;
  }

  get tellsModseq(): boolean {
    return this.#condstore;
  }

  async enter(): Promise<void> {
    if (this.#qresync) await this.session.ok('ENABLE QRESYNC');
    await this.#select();
  }

  async #select(): Promise<void> {
    this.commands += 1;
    await this.session.ok(`SELECT ${this.#mailbox}${this.#condstore && !this.#qresync ? ' (CONDSTORE)' : ''}`);
    await this.session.learnUids(this.#fetchItems());
  }

  async step(): Promise<void> {
    this.commands += 1;
    const { messages } = this.session;
    if (messages.length === 0) await this.#append();
    else await this.#command();
    // QRESYNC clients speak in UIDs, so they want to know them at once; others sometimes.
    if (this.#qresync || this.#random() < 0.5) await this.session.learnUids(this.#fetchItems());
  }

  async #command(): Promise<void> {
    const dice = this.#random();
    const full = this.session.messages.length > MAX_MESSAGES;
    if (dice < 0.14) return full ? this.#remove() : this.#append();
    if (dice < 0.34) return this.#fetch();
    if (dice < 0.56) return this.#store();
    if (dice < 0.64) return this.#search();
    if (dice < 0.7) return this.#remove();
    if (dice < 0.76) return this.#copyOrMove();
    if (dice < 0.88)
      return this.#run(
        pick(this.#random, ['NOOP', 'CHECK', 'NOOP', `STATUS ${this.#mailbox}x (MESSAGES UIDNEXT)`, 'CAPABILITY', 'LIST "" %']),
      );
    if (dice < 0.97) return this.#idle();
    return this.#select();
  }

  async #run(command: string): Promise<void> {
    const reply = await this.session.run(command);
    if (reply.status === 'OK' || command.startsWith('STATUS')) return;
    // RFC 2180 §4.1, RFC 9051 §7.5.1: a command on messages that others have expunged may say so.
    if (!/^\[(?:EXPUNGEISSUED|NONEXISTENT)\]/.test(reply.text)) this.session.fail(`${command} → ${reply.status} ${reply.text}`);
  }

  async #append(): Promise<void> {
    const flags = this.mode === 'own-flags' ? [] : FLAGS.filter(() => this.#random() < 0.2);
    const body = Buffer.from(
      `Subject: ${this.session.name} ${this.commands}\r\n\r\n${'text '.repeat(below(this.#random, 60))}\r\n`,
    );
    const reply = await this.session.run(`APPEND ${this.#mailbox} (${flags.join(' ')}) {${body.length}+}\r\n`, body);
    const uid = /^\[APPENDUID \d+ (\d+)\]/.exec(reply.text)?.[1];
    if (reply.status !== 'OK' || uid === undefined) this.session.fail(`APPEND → ${reply.status} ${reply.text}`);
    else if (this.mode === 'own-messages') this.ownMessages.set(Number(uid), new Set(flags));
  }

  async #fetch(): Promise<void> {
    const items = pick(this.#random, [
      this.#fetchItems(),
      '(FLAGS)',
      '(UID RFC822.SIZE)',
      '(ENVELOPE)',
      '(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])',
      '(BODYSTRUCTURE FLAGS)',
    ]);
    const range = this.#range();
    if (this.#random() < 0.4 && range.uids !== undefined) return this.#run(`UID FETCH ${range.uids} ${items}`);
    const reply = await this.session.run(`FETCH ${range.from}:${range.to} ${items}`);
    // ImapTest's "expunge fetch": messages that others expunged meanwhile are still there for who has not been told.
    for (let seq = range.from; reply.status === 'OK' && seq <= range.to; seq += 1) {
      if (!this.session.fetchedSeqs.has(seq)) this.session.fail(`FETCH ${range.from}:${range.to} was not answered for ${seq}`);
    }
  }

  #fetchItems(): string {
    return this.#condstore ? '(UID FLAGS MODSEQ)' : '(UID FLAGS)';
  }

  async #store(): Promise<void> {
    const target = this.#changeable();
    if (target === undefined) return this.#run('NOOP');
    if (this.mode === 'own-flags') return this.#storeOwnFlag(target);
    const sign = pick(this.#random, ['+', '-', '+', '-', '']);
    const flags = FLAGS.filter(() => this.#random() < 0.3);
    if (this.mode === 'checkpoint' && this.#random() < 0.1) flags.push('\\Deleted');
    const silent = this.#random() < 0.3 ? '.SILENT' : '';
    if (this.mode === 'own-messages') {
      const { uid } = target;
      if (uid === undefined) return;
      const expected = this.ownMessages.get(uid);
      if (expected === undefined) return;
      this.#doubt(target.seq, target.seq, silent !== '');
      await this.#run(`UID STORE ${uid} ${sign}FLAGS${silent} (${flags.join(' ')})`);
      if (sign === '') expected.clear();
      for (const flag of flags)
        if (sign === '-') expected.delete(flag);
        else expected.add(flag);
      return;
    }
    const range = this.#range();
    this.#doubt(range.from, range.to, silent !== '');
    const uidForm = this.#random() < 0.4 && range.uids !== undefined;
    await this.#run(
      `${uidForm ? `UID STORE ${range.uids}` : `STORE ${range.from}:${range.to}`} ${sign}FLAGS${silent} (${flags.join(' ')})`,
    );
  }

  async #storeOwnFlag({ uid }: { readonly uid: number | undefined }): Promise<void> {
    if (uid === undefined) return this.#run('NOOP');
    const on = this.ownFlags.get(uid) !== true;
    await this.#run(`UID STORE ${uid} ${on ? '+' : '-'}FLAGS (${this.ownKeyword})`);
    this.ownFlags.set(uid, on);
  }

  /** After .SILENT nobody tells what the flags are now. */
  #doubt(from: number, to: number, silent: boolean): void {
    if (silent) for (let seq = from; seq <= to; seq += 1) this.session.doubtFlags(seq);
  }

  async #search(): Promise<void> {
    const key = pick(this.#random, [
      'ALL',
      'UNSEEN',
      'KEYWORD red',
      'SUBJECT client',
      'DELETED',
      'LARGER 100',
      'NOT FLAGGED',
      '1:*',
      'RECENT',
    ]);
    await this.#run(`${this.#random() < 0.5 ? 'UID ' : ''}SEARCH ${key}`);
  }

  async #remove(): Promise<void> {
    if (this.mode === 'own-flags') return this.#run('NOOP');
    const target = this.#changeable();
    if (target?.uid === undefined) return this.#run('NOOP');
    await this.#run(`UID STORE ${target.uid} +FLAGS (\\Deleted)`);
    this.ownMessages.delete(target.uid);
    await this.#run(this.#random() < 0.5 || this.mode === 'own-messages' ? `UID EXPUNGE ${target.uid}` : 'EXPUNGE');
  }

  async #copyOrMove(): Promise<void> {
    if (this.mode !== 'checkpoint') return this.#run('NOOP');
    const range = this.#range();
    const full = this.session.messages.length > MAX_MESSAGES;
    const to = full || this.#random() < 0.3 ? `${this.#mailbox}x` : this.#mailbox;
    const command = this.#random() < 0.5 && !full ? 'COPY' : 'MOVE';
    const uidForm = this.#random() < 0.5 && range.uids !== undefined;
    const last = Math.min(range.to, range.from + 3);
    await this.#run(uidForm ? `UID ${command} ${range.uids} ${to}` : `${command} ${range.from}:${last} ${to}`);
  }

  async #idle(): Promise<void> {
    const done = await this.session.idle();
    await new Promise((resolve) => setTimeout(resolve, below(this.#random, 40)));
    await done();
  }

  #range(): { readonly from: number; readonly to: number; readonly uids: string | undefined } {
    const { messages } = this.session;
    const from = 1 + below(this.#random, messages.length);
    const to = this.#random() < 0.1 ? messages.length : Math.min(messages.length, from + below(this.#random, 8));
    const first = messages[from - 1]?.uid;
    const last = messages[to - 1]?.uid;
    return { from, to, uids: first === undefined || last === undefined ? undefined : `${first}:${last}` };
  }

  /** A message that this client may change in its mode. */
  #changeable(): { readonly seq: number; readonly uid: number | undefined } | undefined {
    const { messages } = this.session;
    if (this.mode !== 'own-messages') {
      const seq = 1 + below(this.#random, messages.length);
      return { seq, uid: messages[seq - 1]?.uid };
    }
    const own = [...this.ownMessages.keys()];
    if (own.length === 0) return undefined;
    const uid = pick(this.#random, own);
    const seq = messages.findIndex((message) => message.uid === uid) + 1;
    return seq === 0 ? undefined : { seq, uid };
  }
}
