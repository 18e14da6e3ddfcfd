/**
 * A client that keeps a picture of its mailbox from what the server tells, and calls every contradiction an error: the equivalent of ImapTest's checks.
 *
 * - EXISTS never shrinks; EXPUNGE names a message that is there, and comes only when it may (RFC 9051 §7.5.1).
 * - A sequence number has one UID, UIDs ascend, MODSEQ of a message never falls, keywords are named by FLAGS before they are used.
 * - After a checkpoint (everybody NOOPs) the picture that came from updates alone equals what FETCH says.
 * - Own flags: a keyword that only this client sets is always as it left it.
 */
import { RawImapClient, type RawResponse } from '../harness/imap-client.ts';

export type ModelMessage = { uid: number | undefined; flags: ReadonlySet<string> | undefined; modseq: number };

export class StressError extends Error {
  override readonly name = 'StressError';
}

export class StressClient {
  readonly name: string;
  readonly #client: RawImapClient;
  readonly messages: ModelMessage[] = [];
  /** Keyword → whether this client has set it, by UID, for the keyword that is its own. */
  readonly own = new Map<number, boolean>();
  readonly ownKeyword: string;
  readonly recent = new Set<number>();
  #keywords = new Set<string>();
  #command = '';
  #tag = 0;
  readonly log: string[] = [];
  commands = 0;

  constructor(name: string, client: RawImapClient) {
    this.name = name;
    this.#client = client;
    this.ownKeyword = `own${name}`;
  }

  static async open(name: string, port: number, user: string): Promise<StressClient> {
    const client = new StressClient(name, await RawImapClient.login(port, user));
    return client;
  }

  fail(text: string): never {
    throw new StressError(`${this.name}: ${text}\n${this.log.slice(-40).join('\n')}`);
  }

  async select(): Promise<void> {
    this.messages.length = 0;
    this.#keywords = new Set();
    await this.run('SELECT INBOX');
  }

  /** Runs one command; everything it says goes into the picture. Answers the tagged reply without its tag. */
  async run(text: string, literal?: string): Promise<string> {
    this.begin(text, literal);
    return this.finish();
  }

  begin(text: string, literal?: string): void {
    this.#tag += 1;
    this.commands += 1;
    this.#command = text;
    this.#note(`C ${text}`);
    const bytes = literal === undefined ? '' : ` {${literal.length}+}\r\n${literal}`;
    this.#client.write(`s${this.#tag} ${text}${bytes}\r\n`);
  }

  async finish(): Promise<string> {
    const tag = `s${this.#tag} `;
    for (;;) {
      const response = await this.#client.next(30_000);
      if (response === undefined) this.fail('the connection was closed');
      this.#note(`S ${response.slice(0, 300)}`);
      if (response.startsWith(tag)) {
        const status = response.slice(tag.length);
        if (!status.startsWith('OK') && !status.startsWith('NO [EXPUNGEISSUED]')) this.fail(`${this.#command} → ${status}`);
        return status;
      }
      this.#hear(response);
    }
  }

  /** IDLE until something is heard or `ms` have passed, then DONE. */
  async idle(ms: number): Promise<void> {
    this.begin('IDLE');
    const deadline = Date.now() + ms;
    let response = await this.#client.next(30_000);
    if (response?.startsWith('+') !== true) this.fail(`no continuation: ${response}`);
    while (Date.now() < deadline) {
      response = await this.#client.next(Math.max(1, deadline - Date.now())).catch(() => undefined);
      if (response === undefined) break;
      this.#note(`S ${response}`);
      this.#hear(response);
    }
    this.#client.write('DONE\r\n');
    await this.finish();
  }

  #note(line: string): void {
    this.log.push(line);
    if (this.log.length > 400) this.log.splice(0, 200);
  }

  #hear(response: RawResponse): void {
    const match = /^\* (\d+) (EXISTS|RECENT|EXPUNGE|FETCH)/.exec(response);
    if (match === null) {
      const flags = /^\* FLAGS \(([^)]*)\)/.exec(response);
      if (flags !== null) this.#keywords = new Set(flags[1]!.toLowerCase().split(' '));
      return;
    }
    const number = Number(match[1]);
    if (match[2] === 'EXISTS') this.#exists(number);
    else if (match[2] === 'EXPUNGE') this.#expunge(number);
    else if (match[2] === 'FETCH') this.#fetched(number, response);
  }

  #exists(count: number): void {
    if (count < this.messages.length) this.fail(`EXISTS fell from ${this.messages.length} to ${count}`);
    while (this.messages.length < count) this.messages.push({ uid: undefined, flags: undefined, modseq: 0 });
  }

  #expunge(seq: number): void {
    if (/^(?:FETCH|STORE|SEARCH)/.test(this.#command)) this.fail(`EXPUNGE during ${this.#command}`);
    const [gone] = this.messages.splice(seq - 1, 1);
    if (gone === undefined) this.fail(`EXPUNGE ${seq} of ${this.messages.length}`);
  }

  #fetched(seq: number, response: RawResponse): void {
    const message = this.messages[seq - 1];
    if (message === undefined) this.fail(`FETCH ${seq} of ${this.messages.length}`);
    const uid = /[( ]UID (\d+)/.exec(response);
    if (uid !== null) this.#setUid(seq, message, Number(uid[1]));
    const flags = /[( ]FLAGS \(([^)]*)\)/.exec(response);
    const modseq = /MODSEQ \((\d+)\)/.exec(response);
    if (modseq !== null) {
      if (Number(modseq[1]) < message.modseq) this.fail(`MODSEQ fell: ${response}`);
      message.modseq = Number(modseq[1]);
    }
    if (flags === null) return;
    const words = flags[1] === '' ? [] : flags[1]!.split(' ');
    for (const word of words) {
      if (word !== '\\Recent' && !this.#keywords.has(word.toLowerCase()))
        this.fail(`${word} was not named by FLAGS: ${response}`);
    }
    if (words.includes('\\Recent') && message.uid !== undefined) this.recent.add(message.uid);
    message.flags = new Set(words.filter((word) => word !== '\\Recent'));
    this.#checkOwn(message);
  }

  #checkOwn(message: ModelMessage): void {
    if (message.uid === undefined || message.flags === undefined) return;
    const expected = this.own.get(message.uid);
    if (expected !== undefined && message.flags.has(this.ownKeyword) !== expected)
      this.fail(`own flag of UID ${message.uid} is not ${expected}`);
  }

  #setUid(seq: number, message: ModelMessage, uid: number): void {
    if (message.uid !== undefined && message.uid !== uid) this.fail(`message ${seq} had UID ${message.uid}, now ${uid}`);
    message.uid = uid;
    for (let i = seq - 2; i >= 0; i -= 1) {
      const before = this.messages[i]!.uid;
      if (before === undefined) continue;
      if (before >= uid) this.fail(`UIDs do not ascend at ${seq}`);
      break;
    }
    for (let i = seq; i < this.messages.length; i += 1) {
      const after = this.messages[i]!.uid;
      if (after === undefined) continue;
      if (after <= uid) this.fail(`UIDs do not ascend after ${seq}`);
      break;
    }
  }

  /** What the client believes after a .SILENT store that succeeded. */
  believe(seqs: readonly number[], operation: '+' | '-' | '', flags: readonly string[]): void {
    for (const seq of seqs) {
      const message = this.messages[seq - 1];
      if (message?.flags === undefined) continue;
      const next = operation === '' ? new Set<string>() : new Set(message.flags);
      for (const flag of flags)
        if (operation === '-') next.delete(flag);
        else next.add(flag);
      message.flags = next;
    }
  }

  /** The picture as text: UID and flags of every message. */
  picture(): string {
    return this.messages.map((message) => `${message.uid} (${[...(message.flags ?? ['?'])].sort().join(' ')})`).join('\n');
  }

  /** Compares the picture made of updates with a fresh FETCH; afterwards every message is known. */
  async verify(): Promise<void> {
    const before = this.messages.map((message) => ({ ...message }));
    await this.run('FETCH 1:* (UID FLAGS)');
    for (const [i, was] of before.entries()) {
      const now = this.messages[i];
      if (now === undefined) this.fail('a message left during a checkpoint');
      if (was.flags === undefined || now.flags === undefined) continue;
      const [a, b] = [[...was.flags].sort().join(' '), [...now.flags].sort().join(' ')];
      if (a !== b) this.fail(`stale flags of message ${i + 1} (UID ${now.uid}): believed (${a}), is (${b})`);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
