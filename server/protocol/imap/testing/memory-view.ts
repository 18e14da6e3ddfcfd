/** A MailboxView in plain arrays, for tests: `apply` does what an applied journal entry does. */
import { type FlagOperation, applyFlagChange, flagKey, flagList, isSystemFlag } from '../../../mail/flags.ts';
import type { Change, JournalEntry } from '../../../mail/change.ts';
import type { MailboxId, Modseq, Uid, UserId } from '../../../mail/ids.ts';
import { UidSet, UidSetBuilder, lowerBound } from '../../../mail/uid-set.ts';
import type { ExpungedRow, Flags, MailboxView, ViewListener } from '../../../operations/contract.ts';

type Row = { uid: Uid; flags: Flags; modseq: Modseq; sizeBytes: number; internalDateMs: number };

export class MemoryView implements MailboxView {
  readonly user: UserId;
  readonly mailbox: MailboxId;
  readonly uidValidity = 1;
  modseq = 1 as Modseq;
  uidNext = 1 as Uid;
  deleted = false;
  readonly keywords: string[] = [];
  #rows: Row[] = [];
  #uids: number[] = [];
  readonly #listeners = new Set<ViewListener>();

  constructor(user = 'u' as UserId, mailbox = 'm' as MailboxId) {
    this.user = user;
    this.mailbox = mailbox;
  }

  get count(): number {
    return this.#rows.length;
  }
  get unseen(): number {
    return this.#rows.filter((row) => !row.flags.includes('\\Seen')).length;
  }
  get listenerCount(): number {
    return this.#listeners.size;
  }
  indexOf(uid: Uid): number {
    const at = lowerBound(this.#uids, uid);
    return this.#uids[at] === uid ? at : -1;
  }
  lowerBound(uid: Uid): number {
    return lowerBound(this.#uids, uid);
  }
  uidAt(index: number): Uid {
    return this.#rows[index]!.uid;
  }
  flagsAt(index: number): Flags {
    return this.#rows[index]!.flags;
  }
  modseqAt(index: number): Modseq {
    return this.#rows[index]!.modseq;
  }
  sizeAt(index: number): number {
    return this.#rows[index]!.sizeBytes;
  }
  internalDateAt(index: number): number {
    return this.#rows[index]!.internalDateMs;
  }
  subscribe(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Applies changes as one journal entry and tells the listeners. */
  apply(...changes: Change[]): JournalEntry {
    this.modseq = (this.modseq + 1) as Modseq;
    const appended: Uid[] = [];
    const flagged = new UidSetBuilder();
    const expunged: ExpungedRow[] = [];
    for (const change of changes) {
      if (change.kind === 'append') {
        for (const message of change.messages) {
          this.#learn(message.flags);
          this.#rows.push({ ...message, flags: flagList(message.flags), modseq: this.modseq });
          this.uidNext = (message.uid + 1) as Uid;
          appended.push(message.uid);
        }
      } else if (change.kind === 'flags') {
        this.#learn(change.flags);
        for (const row of this.#rows) {
          if (!change.uids.has(row.uid)) continue;
          const next = applyFlagChange(row.flags, change.operation, change.flags);
          if (next === row.flags) continue;
          row.flags = next;
          row.modseq = this.modseq;
          flagged.add(row.uid);
        }
      } else if (change.kind === 'expunge') {
        expunged.push(...this.#rows.filter((row) => change.uids.has(row.uid)));
        this.#rows = this.#rows.filter((row) => !change.uids.has(row.uid));
      } else {
        this.deleted = true;
      }
    }
    this.#uids = this.#rows.map((row) => row.uid);
    const entry: JournalEntry = {
      user: this.user,
      mailbox: this.mailbox,
      modseq: this.modseq,
      atMs: 0,
      uidNext: this.uidNext,
      changes,
      delta: { messages: 0, unseen: 0, deleted: 0, bytes: 0 },
    };
    const step = { entry, appended, flagged: flagged.build(), expunged };
    for (const listener of this.#listeners) listener(step);
    return entry;
  }

  /** Appends `count` messages with these flags. */
  append(count: number, flags: readonly string[] = []): void {
    const messages = Array.from({ length: count }, (_, i) => ({
      uid: (this.uidNext + i) as Uid,
      id: '' as never,
      content: '' as never,
      flags,
      internalDateMs: 0,
      savedAtMs: 0,
      sizeBytes: 100,
      thread: '',
    }));
    this.apply({ kind: 'append', messages });
  }

  store(uids: UidSet, operation: FlagOperation, ...flags: string[]): void {
    this.apply({ kind: 'flags', operation, flags, uids });
  }

  expunge(...uids: number[]): void {
    this.apply({ kind: 'expunge', uids: UidSet.from(uids) });
  }

  #learn(flags: readonly string[]): void {
    for (const flag of flags) {
      if (!isSystemFlag(flag) && !this.keywords.some((known) => flagKey(known) === flagKey(flag))) this.keywords.push(flag);
    }
  }
}
