/**
 * The maildrop of one POP3 session: INBOX as it was at login, numbered 1…n. Marks (deleted, read) live here and reach the mail store only in the UPDATE
 * state (RFC 1939 §6), so a lost connection changes nothing. Nobody else is locked out; messages that go meanwhile fail one by one.
 */
import { isFault, nonexistent } from '../../base/fault.ts';
import type { MailboxId, MessageId, UserId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import type { MessageMeta, OpenContent, Operations } from '../../operations/contract.ts';

export type MaildropOptions = {
  /** Newest messages shown; 0 = all. */
  readonly maxMessages: number;
  readonly onDelete: 'trash' | 'expunge';
};

type Facts = { readonly id: MessageId; readonly meta: MessageMeta };

/** Facts of so many messages are read at a time when one is asked for. */
const WINDOW = 64;
/** Messages up to this size are read ahead while a client fetches one after the other. */
const READ_AHEAD_BYTES = 256 * 1024;
const READ_AHEAD = 3;

export class Maildrop {
  readonly #operations: Operations;
  readonly #options: MaildropOptions;
  readonly #user: UserId;
  readonly #mailbox: MailboxId;
  readonly #uids: Uint32Array;
  readonly #sizes: Float64Array;
  readonly #deleted = new Set<number>();
  readonly #read = new Set<number>();
  readonly #facts = new Map<number, Facts>();
  readonly #ahead = new Map<number, Promise<Buffer | undefined>>();
  #lastFetched = -1;
  #totalBytes = 0;

  private constructor(
    operations: Operations,
    options: MaildropOptions,
    user: UserId,
    mailbox: MailboxId,
    rows: { uids: Uint32Array; sizes: Float64Array },
  ) {
    this.#operations = operations;
    this.#options = options;
    this.#user = user;
    this.#mailbox = mailbox;
    this.#uids = rows.uids;
    this.#sizes = rows.sizes;
    for (const size of rows.sizes) this.#totalBytes += size;
  }

  static async open(operations: Operations, user: UserId, options: MaildropOptions): Promise<Maildrop> {
    const inbox = await operations.mailboxes.findByPath(user, 'INBOX');
    if (inbox === undefined) throw nonexistent('There is no INBOX.');
    const { view, release } = await operations.views.open(user, inbox.id);
    try {
      const first = options.maxMessages > 0 ? Math.max(0, view.count - options.maxMessages) : 0;
      const kept = Array.from({ length: view.count - first }, (_, index) => first + index);
      const uids = Uint32Array.from(kept, (index) => view.uidAt(index));
      const sizes = Float64Array.from(kept, (index) => view.sizeAt(index));
      return new Maildrop(operations, options, user, inbox.id, { uids, sizes });
    } finally {
      release();
    }
  }

  get user(): UserId {
    return this.#user;
  }

  /** Messages not marked as deleted. */
  get count(): number {
    return this.#uids.length - this.#deleted.size;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Message numbers not marked as deleted, ascending. */
  *numbers(): Generator<number> {
    for (let number = 1; number <= this.#uids.length; number += 1) if (!this.#deleted.has(number)) yield number;
  }

  /** Whether there is such a message, not marked as deleted. */
  has(number: number): boolean {
    return number >= 1 && number <= this.#uids.length && !this.#deleted.has(number);
  }

  sizeBytes(number: number): number {
    return this.#sizes[number - 1] ?? 0;
  }

  /** The unique-id: the placement's id, 24 hexadecimal digits, never used again. Undefined when the message is gone meanwhile. */
  async uniqueId(number: number): Promise<MessageId | undefined> {
    return (await this.#factsOf(number))?.id;
  }

  /** Every message's unique-id in order, in batches; ids of messages that are gone meanwhile are left out. */
  async *uniqueIds(): AsyncGenerator<readonly (readonly [number, MessageId])[]> {
    const numberOf = new Map<number, number>();
    for (const number of this.numbers()) numberOf.set(this.#uids[number - 1] ?? 0, number);
    const uids = UidSet.from(numberOf.keys());
    for await (const batch of this.#operations.reads.metadata(this.#user, this.#mailbox, uids)) {
      yield batch.flatMap((meta) => {
        const number = numberOf.get(meta.uid);
        return number === undefined ? [] : [[number, meta.id] as const];
      });
    }
  }

  /** The whole message in pieces. Marks it as read. Throws NONEXISTENT when it is gone. */
  async *retrieve(number: number): AsyncGenerator<Buffer> {
    const readAhead = await this.#takeAhead(number);
    this.#startAhead(number);
    if (readAhead !== undefined) yield readAhead;
    else {
      const content = await this.#open(number);
      yield* content.read(0, content.sizeBytes);
    }
    this.#read.add(number);
  }

  /** Header, blank line and `lines` lines of the body (RFC 1939 §7). */
  async *top(number: number, lines: number): AsyncGenerator<Buffer> {
    const content = await this.#open(number);
    const header = await content.header();
    yield header;
    let left = lines;
    if (left === 0) return;
    for await (const piece of content.read(header.length, content.sizeBytes)) {
      let end = 0;
      while (left > 0) {
        const found = piece.indexOf(10, end);
        if (found < 0) break;
        end = found + 1;
        left -= 1;
      }
      yield left === 0 ? piece.subarray(0, end) : piece;
      if (left === 0) return;
    }
  }

  delete(number: number): void {
    this.#deleted.add(number);
    this.#totalBytes -= this.sizeBytes(number);
  }

  /** RSET: no message is marked as deleted. */
  reset(): void {
    for (const number of this.#deleted) this.#totalBytes += this.sizeBytes(number);
    this.#deleted.clear();
  }

  /** The UPDATE state: what was read becomes \Seen, what was deleted goes to Trash or for good. Throws Faults; may be repeated. */
  async update(): Promise<{ readonly deleted: number }> {
    const uidsOf = (numbers: Iterable<number>): UidSet => UidSet.from([...numbers].map((number) => this.#uids[number - 1] ?? 0));
    const seen = uidsOf(this.#read);
    if (!seen.isEmpty) {
      await this.#operations.messages.store(this.#user, this.#mailbox, { uids: seen, operation: 'add', flags: ['\\Seen'] });
    }
    const gone = uidsOf(this.#deleted);
    if (gone.isEmpty) return { deleted: 0 };
    const trash = this.#options.onDelete === 'trash' ? await this.#trash() : undefined;
    if (trash === undefined) {
      await this.#operations.messages.expunge(this.#user, this.#mailbox, { uids: gone, onlyDeleted: false });
    } else {
      await this.#operations.messages.move(this.#user, this.#mailbox, gone, trash);
    }
    return { deleted: gone.count };
  }

  async #trash(): Promise<MailboxId> {
    const { mailboxes } = this.#operations;
    const known = await mailboxes.findBySpecialUse(this.#user, '\\Trash');
    if (known !== undefined) return known.id;
    try {
      return (await mailboxes.create(this.#user, 'Trash', { specialUse: '\\Trash' })).id;
    } catch (error) {
      const there = isFault(error, 'ALREADYEXISTS') ? await mailboxes.findByPath(this.#user, 'Trash') : undefined;
      if (there === undefined) throw error;
      return there.id;
    }
  }

  async #open(number: number): Promise<OpenContent> {
    const facts = await this.#factsOf(number);
    if (facts === undefined) throw nonexistent('The message is gone.');
    return this.#operations.contents.open(facts.meta.content);
  }

  async #factsOf(number: number): Promise<Facts | undefined> {
    const known = this.#facts.get(number);
    if (known !== undefined) return known;
    // Clients go through a maildrop from one end to the other: one read answers for the next ones. Bounded: the window replaces the one before.
    this.#facts.clear();
    const numberOf = new Map<number, number>();
    for (let next = number; next < number + WINDOW && next <= this.#uids.length; next += 1) {
      numberOf.set(this.#uids[next - 1] ?? 0, next);
    }
    for await (const batch of this.#operations.reads.metadata(this.#user, this.#mailbox, UidSet.from(numberOf.keys()))) {
      for (const meta of batch) {
        const at = numberOf.get(meta.uid);
        if (at !== undefined) this.#facts.set(at, { id: meta.id, meta });
      }
    }
    return this.#facts.get(number);
  }

  #takeAhead(number: number): Promise<Buffer | undefined> {
    const running = this.#ahead.get(number);
    this.#ahead.delete(number);
    return running ?? Promise.resolve(undefined);
  }

  /** After the second message in a row, the next ones are read while this one is sent. */
  #startAhead(number: number): void {
    const inRow = number === this.#lastFetched + 1;
    this.#lastFetched = number;
    if (!inRow) {
      this.#ahead.clear();
      return;
    }
    for (let next = number + 1; next <= number + READ_AHEAD && this.has(next); next += 1) {
      if (this.#ahead.has(next) || this.sizeBytes(next) > READ_AHEAD_BYTES || !this.#facts.has(next)) continue;
      // A read that fails here is tried again, and told, when the client asks for the message.
      this.#ahead.set(
        next,
        this.#readWhole(next).catch(() => undefined),
      );
    }
  }

  async #readWhole(number: number): Promise<Buffer> {
    const content = await this.#open(number);
    return content.readAll(0, content.sizeBytes);
  }
}
