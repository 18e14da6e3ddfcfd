/**
 * A mailbox's live messages as columns, in UID order: about 30 bytes a message plus one shared flag list per combination. The only way forward is `apply`, one journal
 * entry at a time; replaying entries over a state that already contains them changes nothing, which is what makes loading while others write possible.
 */
import type { AppendedMessage, Change, JournalEntry } from '../mail/change.ts';
import { type FlagList, applyFlagChange, flagKey, flagList, hasFlag, isSystemFlag } from '../mail/flags.ts';
import type { Modseq, Uid } from '../mail/ids.ts';
import { UidSet, UidSetBuilder, lowerBound } from '../mail/uid-set.ts';

/** One row, as loaded from the store. */
export type ViewRow = {
  readonly uid: Uid;
  readonly modseq: Modseq;
  readonly flags: readonly string[];
  readonly sizeBytes: number;
  readonly internalDateMs: number;
};

export type ExpungedRow = ViewRow & { readonly flags: FlagList };

/** What one entry did. */
export type AppliedStep = {
  readonly appended: readonly Uid[];
  readonly flagged: UidSet;
  readonly expunged: readonly ExpungedRow[];
};

export class ViewColumns {
  modseq: Modseq;
  uidNext: Uid;
  deleted = false;
  unseen = 0;
  #count = 0;
  #uids = new Uint32Array(64);
  #modseqs = new Float64Array(64);
  #sizes = new Float64Array(64);
  #dates = new Float64Array(64);
  #flags: FlagList[] = [];
  readonly #keywords = new Map<string, string>();
  #keywordList: readonly string[] = [];
  #lastFlags: FlagList | undefined;

  constructor(modseq: Modseq, uidNext: Uid) {
    this.modseq = modseq;
    this.uidNext = uidNext;
  }

  get count(): number {
    return this.#count;
  }

  /** Keywords ever seen here, in first-seen spelling. */
  get keywords(): readonly string[] {
    return this.#keywordList;
  }

  lowerBound(uid: number): number {
    return lowerBound(this.#uids.subarray(0, this.#count), uid);
  }

  indexOf(uid: number): number {
    const at = this.lowerBound(uid);
    return at < this.#count && this.#uids[at] === uid ? at : -1;
  }

  uidAt(index: number): Uid {
    return this.#uids[index] as Uid;
  }

  flagsAt(index: number): FlagList {
    return this.#flags[index] ?? [];
  }

  modseqAt(index: number): Modseq {
    return this.#modseqs[index] as Modseq;
  }

  sizeAt(index: number): number {
    return this.#sizes[index] ?? 0;
  }

  internalDateAt(index: number): number {
    return this.#dates[index] ?? 0;
  }

  rowAt(index: number): ExpungedRow {
    return {
      uid: this.uidAt(index),
      flags: this.flagsAt(index),
      modseq: this.modseqAt(index),
      sizeBytes: this.sizeAt(index),
      internalDateMs: this.internalDateAt(index),
    };
  }

  /** Adds a row while loading; rows come in UID order. */
  load(row: ViewRow): void {
    this.#insert(this.#count, row);
  }

  /** Applies the entry that follows (or repeats one that is contained already). */
  apply(entry: JournalEntry): AppliedStep {
    const appended: Uid[] = [];
    const flagged = new UidSetBuilder();
    const expunged: ExpungedRow[] = [];
    for (const change of entry.changes) this.#applyChange(entry, change, appended, flagged, expunged);
    if (entry.modseq > this.modseq) {
      this.modseq = entry.modseq;
      this.uidNext = entry.uidNext;
    }
    return { appended, flagged: flagged.build(), expunged };
  }

  #applyChange(entry: JournalEntry, change: Change, appended: Uid[], flagged: UidSetBuilder, expunged: ExpungedRow[]): void {
    switch (change.kind) {
      case 'append':
        for (const message of change.messages) if (this.#append(entry, message)) appended.push(message.uid);
        return;
      case 'flags': {
        for (const index of change.uids.indexesIn(this.#uids.subarray(0, this.#count))) {
          // A row read after this entry was applied carries its result, or a later one, already. Two changes in one entry both count.
          if (this.modseqAt(index) > entry.modseq) continue;
          const before = this.flagsAt(index);
          const after = applyFlagChange(before, change.operation, change.flags);
          this.#modseqs[index] = entry.modseq;
          flagged.add(this.uidAt(index));
          if (after === before) continue;
          this.#setFlags(index, after);
        }
        return;
      }
      case 'expunge':
        this.#expunge(change.uids, expunged);
        return;
      case 'delete':
        this.#expunge(UidSet.range(1, 0xffff_ffff), expunged);
        this.deleted = true;
        return;
    }
  }

  #append(entry: JournalEntry, message: AppendedMessage): boolean {
    const at = this.lowerBound(message.uid);
    if (at < this.#count && this.#uids[at] === message.uid) return false;
    this.#insert(at, {
      uid: message.uid,
      modseq: entry.modseq,
      flags: message.flags,
      sizeBytes: message.sizeBytes,
      internalDateMs: message.internalDateMs,
    });
    return true;
  }

  #insert(at: number, row: ViewRow): void {
    if (this.#count === this.#uids.length) this.#grow();
    if (at < this.#count) {
      for (const column of [this.#uids, this.#modseqs, this.#sizes, this.#dates]) column.copyWithin(at + 1, at, this.#count);
      this.#flags.splice(at, 0, []);
    }
    this.#uids[at] = row.uid;
    this.#modseqs[at] = row.modseq;
    this.#sizes[at] = row.sizeBytes;
    this.#dates[at] = row.internalDateMs;
    const flags = this.#intern(row.flags);
    this.#flags[at] = flags;
    if (!hasFlag(flags, '\\Seen')) this.unseen += 1;
    this.#count += 1;
  }

  /** Rows that follow each other mostly carry the same flags: the last list is tried first. */
  #intern(flags: readonly string[]): FlagList {
    const last = this.#lastFlags;
    if (last !== undefined && last.length === flags.length && last.every((flag, index) => flag === flags[index])) return last;
    const list = flagList(flags);
    this.#learnKeywords(list);
    this.#lastFlags = list;
    return list;
  }

  #setFlags(index: number, flags: FlagList): void {
    const seenBefore = hasFlag(this.flagsAt(index), '\\Seen');
    const seenAfter = hasFlag(flags, '\\Seen');
    if (seenBefore !== seenAfter) this.unseen += seenBefore ? 1 : -1;
    this.#flags[index] = flags;
    this.#learnKeywords(flags);
  }

  #learnKeywords(flags: FlagList): void {
    for (const flag of flags) {
      if (isSystemFlag(flag)) continue;
      const key = flagKey(flag);
      if (this.#keywords.has(key)) continue;
      this.#keywords.set(key, flag);
      this.#keywordList = [...this.#keywords.values()];
    }
  }

  #expunge(uids: UidSet, expunged: ExpungedRow[]): void {
    const gone = uids.indexesIn(this.#uids.subarray(0, this.#count));
    if (gone.length === 0) return;
    for (const index of gone) {
      const row = this.rowAt(index);
      expunged.push(row);
      if (!hasFlag(row.flags, '\\Seen')) this.unseen -= 1;
    }
    // Close the holes in one pass over what follows the first of them.
    let write = gone[0] ?? 0;
    let next = 0;
    for (let read = write; read < this.#count; read += 1) {
      if (read === gone[next]) {
        next += 1;
        continue;
      }
      this.#uids[write] = this.#uids[read] ?? 0;
      this.#modseqs[write] = this.#modseqs[read] ?? 0;
      this.#sizes[write] = this.#sizes[read] ?? 0;
      this.#dates[write] = this.#dates[read] ?? 0;
      this.#flags[write] = this.flagsAt(read);
      write += 1;
    }
    this.#count = write;
    this.#flags.length = write;
  }

  #grow(): void {
    const capacity = Math.max(64, Math.ceil(this.#uids.length * 1.5));
    this.#uids = copyInto(new Uint32Array(capacity), this.#uids);
    this.#modseqs = copyInto(new Float64Array(capacity), this.#modseqs);
    this.#sizes = copyInto(new Float64Array(capacity), this.#sizes);
    this.#dates = copyInto(new Float64Array(capacity), this.#dates);
  }
}

function copyInto<T extends Uint32Array | Float64Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
