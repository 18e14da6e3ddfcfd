/**
 * What one IMAP session may believe, and whether the server keeps to it: a picture of the selected mailbox that every untagged response is checked against and applied to. The rules are those
 * that ImapTest checks: UIDs only ascend and never change, EXPUNGE never comes where it would confuse (RFC 9051 §7.5.1), keywords are announced before they are used, MODSEQ never
 * falls, counts fit.
 *
 * It knows nothing of other sessions: comparing them is for the test.
 */
import { type ImapProbe, type Reply, type Response, type CommandPiece } from './imap-probe.ts';
import { type Value, expandSet, parseFetch, parseValues } from './imap-values.ts';

/** The server said something that cannot be. */
export class Violation extends Error {}

export type KnownMessage = {
  /** Undefined until told. */
  uid: number | undefined;
  flags: readonly string[] | undefined;
  modseq: number | undefined;
};

export type ModelOptions = {
  readonly name: string;
  /** Called at the first violation; later ones are not checked. */
  readonly onViolation: (violation: Violation) => void;
  /** How many lines of traffic a violation shows. */
  readonly traceLines?: number;
};

/** Commands during which EXPUNGE must not be told. */
const NO_EXPUNGE = /^(?:FETCH|STORE|SEARCH|SORT|THREAD)\b/i;

export class ModelSession {
  readonly name: string;
  readonly probe: ImapProbe;
  readonly #onViolation: (violation: Violation) => void;
  readonly #traceLines: number;
  #trace: string[] = [];
  #command = '';
  #failed = false;
  messages: KnownMessage[] = [];
  recent = 0;
  uidValidity = 0;
  uidNext = 0;
  highestModseq = 0;
  /** Lower case; from FLAGS responses. */
  announcedFlags = new Set<string>();
  /** UIDs that this session has been told the expunge of. */
  expungedCount = 0;
  /** UIDs that were \Recent in this session. */
  readonly recentUids = new Set<number>();
  /** Sequence numbers that FETCH responses named during the present command. */
  fetchedSeqs = new Set<number>();
  /** Called after each applied response. */
  onApplied: ((response: Response) => void) | undefined;

  constructor(probe: ImapProbe, options: ModelOptions) {
    this.name = options.name;
    this.probe = probe;
    this.#onViolation = options.onViolation;
    this.#traceLines = options.traceLines ?? 40;
    probe.keepUntagged = true;
    probe.onUntagged = (response) => this.#take(response);
  }

  get violated(): boolean {
    return this.#failed;
  }

  /** One command at a time. */
  async run(...pieces: readonly CommandPiece[]): Promise<Reply> {
    const text = typeof pieces[0] === 'string' ? pieces[0] : '';
    this.#note(`C: ${text.slice(0, 300)}`);
    this.#command = text;
    this.fetchedSeqs.clear();
    if (/^(?:SELECT|EXAMINE|CLOSE|UNSELECT)\b/i.test(text)) this.#forget();
    const reply = await this.probe.run(...pieces);
    this.#note(`S: ${reply.status} ${reply.text.slice(0, 300)}`);
    this.#command = '';
    const highest = /\[HIGHESTMODSEQ (\d+)\]/.exec(reply.text);
    if (highest !== null) this.#learnHighest(Number(highest[1]));
    if (reply.status === 'BAD') this.fail(`BAD to ${text.slice(0, 200)}: ${reply.text}`);
    return reply;
  }

  async ok(...pieces: readonly CommandPiece[]): Promise<Reply> {
    const reply = await this.run(...pieces);
    if (reply.status !== 'OK')
      throw new Violation(`${this.name}: ${String(pieces[0]).slice(0, 200)} → ${reply.status} ${reply.text}`);
    return reply;
  }

  async idle(): Promise<() => Promise<Reply>> {
    this.#note('C: IDLE');
    this.#command = 'IDLE';
    const done = await this.probe.idle();
    return async () => {
      this.#note('C: DONE');
      const reply = await done();
      this.#note(`S: ${reply.status} ${reply.text}`);
      this.#command = '';
      return reply;
    };
  }

  /** Asks for the UIDs that are not known yet; answers how many it asked for. */
  async learnUids(items = '(UID FLAGS)'): Promise<number> {
    const first = this.messages.findIndex((message) => message.uid === undefined);
    if (first === -1) return 0;
    const count = this.messages.length - first;
    await this.ok(`FETCH ${first + 1}:* ${items}`);
    return count;
  }

  /** What the flags of a message are now is not known any more. */
  doubtFlags(seq: number): void {
    const message = this.messages[seq - 1];
    if (message !== undefined) message.flags = undefined;
  }

  get uids(): number[] {
    return this.messages.map((message) => message.uid ?? 0);
  }

  fail(what: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#onViolation(new Violation(`${this.name}: ${what}\n  ${this.#trace.join('\n  ')}`));
  }

  #forget(): void {
    this.messages = [];
    this.recent = 0;
    this.uidNext = 0;
    this.highestModseq = 0;
    this.announcedFlags = new Set();
  }

  #note(line: string): void {
    this.#trace.push(line);
    if (this.#trace.length > this.#traceLines) this.#trace = this.#trace.slice(-this.#traceLines);
  }

  #take(response: Response): void {
    this.#note(`S: ${response.text.slice(0, 300)}`);
    if (this.#failed) return;
    try {
      this.#apply(response);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
    this.onApplied?.(response);
  }

  #apply(response: Response): void {
    const { text } = response;
    const numbered = /^\* (\d+) (EXISTS|EXPUNGE|RECENT|FETCH)/i.exec(text);
    if (numbered !== null) {
      const number = Number(numbered[1]);
      switch (numbered[2]?.toUpperCase()) {
        case 'EXISTS':
          this.#exists(number);
          return;
        case 'EXPUNGE':
          this.#expunge(number);
          return;
        case 'RECENT':
          if (number > this.messages.length) throw new Violation(`${number} RECENT of ${this.messages.length} messages`);
          this.recent = number;
          return;
        default:
          this.#fetched(response);
          return;
      }
    }
    if (/^\* FLAGS \(/i.test(text)) this.#flags(parseValues(response, 8)[0]);
    else if (/^\* (?:SEARCH|SORT)\b/i.test(text)) this.#numbers(text);
    else if (/^\* VANISHED \(EARLIER\) /i.test(text)) return;
    else if (/^\* VANISHED /i.test(text)) this.#vanished(text.slice('* VANISHED '.length));
    else if (/^\* BYE/i.test(text) && !/^LOGOUT/i.test(this.#command)) throw new Violation(`unexpected ${text}`);
    else if (/^\* BAD/i.test(text)) throw new Violation(`unexpected ${text}`);
    else this.#codes(text);
  }

  #codes(text: string): void {
    const code = /^\* OK \[(UIDVALIDITY|UIDNEXT|HIGHESTMODSEQ) (\d+)\]/i.exec(text);
    if (code === null) return;
    const value = Number(code[2]);
    const name = code[1]?.toUpperCase();
    if (name === 'UIDVALIDITY') {
      if (this.uidValidity !== 0 && this.uidValidity !== value)
        throw new Violation(`UIDVALIDITY ${this.uidValidity} became ${value}`);
      this.uidValidity = value;
    } else if (name === 'UIDNEXT') this.uidNext = value;
    else this.#learnHighest(value);
  }

  #learnHighest(value: number): void {
    if (value < this.highestModseq) throw new Violation(`HIGHESTMODSEQ ${this.highestModseq} fell to ${value}`);
    this.highestModseq = value;
  }

  #exists(count: number): void {
    if (count < this.messages.length) throw new Violation(`${count} EXISTS after ${this.messages.length}`);
    while (this.messages.length < count) this.messages.push({ uid: undefined, flags: undefined, modseq: undefined });
  }

  #expunge(seq: number): void {
    if (seq < 1 || seq > this.messages.length) throw new Violation(`${seq} EXPUNGE of ${this.messages.length} messages`);
    if (this.#command === '' || NO_EXPUNGE.test(this.#command))
      throw new Violation(`EXPUNGE during ${this.#command || 'no command'}`);
    this.messages.splice(seq - 1, 1);
    this.expungedCount += 1;
  }

  #vanished(set: string): void {
    if (this.#command === '' || NO_EXPUNGE.test(this.#command))
      throw new Violation(`VANISHED during ${this.#command || 'no command'}`);
    for (const uid of expandSet(set)) {
      let at = this.messages.findIndex((message) => message.uid === uid);
      // Not known yet: one of those between the known UIDs around it. Which of them makes no difference.
      if (at === -1) {
        const after = this.messages.findLastIndex((message) => message.uid !== undefined && message.uid < uid);
        at = this.messages.findIndex((message, index) => index > after && message.uid === undefined);
        if (this.messages.slice(0, Math.max(0, at)).some((message) => (message.uid ?? 0) > uid)) at = -1;
      }
      if (at === -1) throw new Violation(`VANISHED ${uid} of ${this.messages.length} messages`);
      this.messages.splice(at, 1);
      this.expungedCount += 1;
    }
  }

  #fetched(response: Response): void {
    const fetched = parseFetch(response);
    const message = fetched === undefined ? undefined : this.messages[fetched.seq - 1];
    if (fetched === undefined || message === undefined)
      throw new Violation(`FETCH of an unknown message: ${response.text.slice(0, 200)}`);
    const { seq, items } = fetched;
    this.fetchedSeqs.add(seq);
    const uid = items.get('UID');
    if (uid !== undefined) this.#learnUid(seq - 1, message, Number(uid));
    const flags = items.get('FLAGS');
    if (Array.isArray(flags)) {
      message.flags = this.#knownFlags(flags);
      if (message.uid !== undefined && flags.some((flag) => String(flag).toLowerCase() === '\\recent'))
        this.recentUids.add(message.uid);
    }
    const modseq = items.get('MODSEQ');
    if (!Array.isArray(modseq)) return;
    const value = Number(modseq[0]);
    if (message.modseq !== undefined && value < message.modseq) {
      throw new Violation(`MODSEQ of ${seq} fell from ${message.modseq} to ${value}`);
    }
    message.modseq = value;
  }

  #learnUid(index: number, message: KnownMessage, uid: number): void {
    if (message.uid !== undefined) {
      if (message.uid !== uid) throw new Violation(`UID of ${index + 1} was ${message.uid} and is told as ${uid}`);
      return;
    }
    for (let before = index - 1; before >= 0; before -= 1) {
      const known = this.messages[before]?.uid;
      if (known === undefined) continue;
      if (known >= uid) throw new Violation(`UID ${uid} at ${index + 1} after UID ${known} at ${before + 1}`);
      break;
    }
    for (let after = index + 1; after < this.messages.length; after += 1) {
      const known = this.messages[after]?.uid;
      if (known === undefined) continue;
      if (known <= uid) throw new Violation(`UID ${uid} at ${index + 1} before UID ${known} at ${after + 1}`);
      break;
    }
    message.uid = uid;
  }

  #knownFlags(values: readonly Value[]): readonly string[] {
    const flags = values.map(String);
    for (const flag of flags) {
      if (flag.toLowerCase() !== '\\recent' && !this.announcedFlags.has(flag.toLowerCase())) {
        throw new Violation(`${flag} was used before a FLAGS response named it`);
      }
    }
    return flags;
  }

  #flags(values: Value | undefined): void {
    if (!Array.isArray(values)) throw new Violation('FLAGS without a list');
    const next = new Set(values.map((value) => String(value).toLowerCase()));
    for (const message of this.messages) {
      for (const flag of message.flags ?? []) {
        if (flag.toLowerCase() !== '\\recent' && !next.has(flag.toLowerCase()))
          throw new Violation(`FLAGS without ${flag}, which is in use`);
      }
    }
    this.announcedFlags = next;
  }

  #numbers(text: string): void {
    if (/^UID /i.test(this.#command)) return;
    for (const number of text
      .replace(/\(MODSEQ \d+\)/i, '')
      .split(' ')
      .slice(2)) {
      if (number === '') continue;
      const seq = Number(number);
      if (!(seq >= 1 && seq <= this.messages.length))
        throw new Violation(`SEARCH names ${number} of ${this.messages.length} messages`);
    }
  }
}
