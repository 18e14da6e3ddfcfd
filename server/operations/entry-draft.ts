/**
 * One commit in the making: several operations, evaluated one after the other against a mailbox as it will be after those before them, become the changes of one
 * journal entry. Pure: nothing is read or written here, so an entry that lost the race for its modseq is simply drafted again against the newer state.
 */
import { refused } from '../base/fault.ts';
import type { AppendedMessage, Change, JournalEntry, MailboxCounts, MoveIntent } from '../mail/change.ts';
import { type FlagList, type FlagOperation, adoptKeywords, applyFlagChange, flagList, hasFlag } from '../mail/flags.ts';
import { MAX_UINT32, type MailboxId, type Modseq, type Uid, type UserId } from '../mail/ids.ts';
import { UidSet, UidSetBuilder } from '../mail/uid-set.ts';
import type { ViewColumns } from '../sync/view-columns.ts';

/** What a draft starts from. `columns` is needed by operations that look at existing messages. */
export type DraftBase = {
  readonly user: UserId;
  readonly mailbox: MailboxId;
  readonly modseq: Modseq;
  readonly uidNext: Uid;
  readonly columns: ViewColumns | undefined;
};

/** A message's state inside the draft, where it differs from the view's. */
type Overlay = { flags: FlagList; modseq: Modseq };

export type DraftMessage = Omit<AppendedMessage, 'uid' | 'savedAtMs'> & { readonly savedAtMs?: number };

export class EntryDraft {
  readonly modseq: Modseq;
  readonly base: DraftBase;
  readonly moves: string[] = [];
  readonly #changes: Change[] = [];
  readonly #atMs: number;
  readonly #overlay = new Map<number, Overlay>();
  readonly #appended = new Map<number, { flags: FlagList; sizeBytes: number }>();
  #gone = UidSet.empty;
  #uidNext: number;
  #keywords: readonly string[];
  #delta = { messages: 0, unseen: 0, deleted: 0, bytes: 0 };

  constructor(base: DraftBase, atMs: number) {
    this.base = base;
    this.modseq = (base.modseq + 1) as Modseq;
    this.#uidNext = base.uidNext;
    this.#atMs = atMs;
    this.#keywords = base.columns?.keywords ?? [];
  }

  get isEmpty(): boolean {
    return this.#changes.length === 0;
  }

  /** Places messages at the end, giving UIDs in order. Fault LIMIT when the UIDs are used up (RFC 9051 §2.3.1.1). */
  append(messages: readonly DraftMessage[], moveKey?: string): Uid[] {
    if (messages.length === 0 && moveKey === undefined) return [];
    if (this.#uidNext + messages.length > MAX_UINT32)
      throw refused('LIMIT', 'This mailbox has given out all its UIDs; use a new one.');
    const placed: AppendedMessage[] = [];
    for (const message of messages) {
      const flags = flagList(this.#adopt(message.flags));
      const uid = this.#uidNext as Uid;
      this.#uidNext += 1;
      placed.push({ ...message, uid, flags, savedAtMs: message.savedAtMs ?? this.#atMs });
      this.#appended.set(uid, { flags, sizeBytes: message.sizeBytes });
      this.#count(flags, message.sizeBytes, 1);
    }
    this.#changes.push({ kind: 'append', messages: placed });
    if (moveKey !== undefined) this.moves.push(moveKey);
    return placed.map((message) => message.uid);
  }

  /** Changes flags of the live messages among `uids`; RFC 7162 §3.1.3 for `unchangedSince`. */
  store(request: {
    readonly uids: UidSet;
    readonly operation: FlagOperation;
    readonly flags: readonly string[];
    readonly unchangedSince?: Modseq | undefined;
  }): { changed: UidSet; modified: UidSet; missing: UidSet } {
    const wanted = this.#adopt(request.flags);
    const changed = new UidSetBuilder();
    const modified = new UidSetBuilder();
    const present = new UidSetBuilder();
    for (const uid of this.live(request.uids)) {
      present.add(uid);
      const state = this.#stateOf(uid);
      if (request.unchangedSince !== undefined && state.modseq > request.unchangedSince) {
        modified.add(uid);
        continue;
      }
      const after = applyFlagChange(state.flags, request.operation, wanted);
      if (after === state.flags) continue;
      this.#overlay.set(uid, { flags: after, modseq: this.modseq });
      this.#delta.unseen += unseenOf(after) - unseenOf(state.flags);
      this.#delta.deleted += deletedOf(after) - deletedOf(state.flags);
      changed.add(uid);
    }
    const uids = changed.build();
    if (!uids.isEmpty) this.#changes.push({ kind: 'flags', operation: request.operation, flags: wanted, uids });
    return { changed: uids, modified: modified.build(), missing: request.uids.subtract(present.build()) };
  }

  /** Removes the live messages among `uids` (all when undefined), only those that carry \Deleted if so asked. */
  expunge(uids: UidSet | undefined, onlyDeleted: boolean): UidSet {
    const gone = new UidSetBuilder();
    for (const uid of this.live(uids)) {
      const { flags } = this.#stateOf(uid);
      if (onlyDeleted && !hasFlag(flags, '\\Deleted')) continue;
      gone.add(uid);
    }
    const set = gone.build();
    this.#remove(set);
    if (!set.isEmpty) this.#changes.push({ kind: 'expunge', uids: set });
    return set;
  }

  /** Removes messages because they move; the caller gives the placements to make elsewhere. */
  moveOut(uids: UidSet, move: MoveIntent): void {
    this.#remove(uids);
    this.#changes.push({ kind: 'expunge', uids, move });
  }

  /** The mailbox ends with this entry. */
  deleteMailbox(): void {
    this.#remove(UidSet.from(this.live(undefined)));
    this.#changes.push({ kind: 'delete' });
  }

  /** Flags as they will be after the operations so far. */
  flagsOf(uid: Uid): FlagList {
    return this.#stateOf(uid).flags;
  }

  /** UIDs of `uids` that are there after the operations so far, ascending. */
  live(uids: UidSet | undefined): Uid[] {
    const columns = this.#columns();
    const found: Uid[] = [];
    for (const { from, to } of (uids ?? UidSet.range(1, MAX_UINT32)).ranges()) {
      for (let index = columns.lowerBound(from); index < columns.count && columns.uidAt(index) <= to; index += 1) {
        const uid = columns.uidAt(index);
        if (!this.#gone.has(uid)) found.push(uid);
      }
      for (const uid of this.#appended.keys()) if (uid >= from && uid <= to && !this.#gone.has(uid)) found.push(uid as Uid);
    }
    return found;
  }

  /** The finished entry. */
  entry(): JournalEntry {
    return {
      user: this.base.user,
      mailbox: this.base.mailbox,
      modseq: this.modseq,
      atMs: this.#atMs,
      uidNext: this.#uidNext as Uid,
      changes: this.#changes,
      delta: this.#delta satisfies MailboxCounts,
    };
  }

  #columns(): ViewColumns {
    if (this.base.columns === undefined) throw new Error('this operation needs the mailbox view');
    return this.base.columns;
  }

  #stateOf(uid: Uid): Overlay {
    const overlay = this.#overlay.get(uid);
    if (overlay !== undefined) return overlay;
    const appended = this.#appended.get(uid);
    if (appended !== undefined) return { flags: appended.flags, modseq: this.modseq };
    const columns = this.#columns();
    const index = columns.indexOf(uid);
    return { flags: columns.flagsAt(index), modseq: columns.modseqAt(index) };
  }

  #sizeOf(uid: Uid): number {
    const appended = this.#appended.get(uid);
    if (appended !== undefined) return appended.sizeBytes;
    const columns = this.#columns();
    return columns.sizeAt(columns.indexOf(uid));
  }

  #remove(uids: UidSet): void {
    for (const uid of uids) this.#count(this.#stateOf(uid as Uid).flags, this.#sizeOf(uid as Uid), -1);
    this.#gone = this.#gone.union(uids);
  }

  #count(flags: FlagList, sizeBytes: number, sign: 1 | -1): void {
    this.#delta.messages += sign;
    this.#delta.bytes += sign * sizeBytes;
    this.#delta.unseen += sign * unseenOf(flags);
    this.#delta.deleted += sign * deletedOf(flags);
  }

  /** The mailbox's spelling of the flags. Fault LIMIT when it has too many keywords. */
  #adopt(flags: readonly string[]): readonly string[] {
    const adopted = adoptKeywords(this.#keywords, flags);
    if (!adopted.ok) throw refused('LIMIT', 'This mailbox can not hold more keywords, or one of them is not valid.');
    if (adopted.value.added.length > 0) this.#keywords = [...this.#keywords, ...adopted.value.added];
    return adopted.value.flags;
  }
}

function unseenOf(flags: FlagList): number {
  return hasFlag(flags, '\\Seen') ? 0 : 1;
}

function deletedOf(flags: FlagList): number {
  return hasFlag(flags, '\\Deleted') ? 1 : 0;
}
