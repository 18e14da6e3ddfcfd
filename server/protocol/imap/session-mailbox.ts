/**
 * One session's Position on a MailboxView: what the client has been told, and what it has yet to hear (RFC 9051 §2.3.1.2, §5.2, §7.5).
 *
 * The view moves ahead on its own; the client's picture moves only by `take`. Between the two stand three small things: the highest UID announced by
 * EXISTS, the rows whose EXPUNGE is untold (they still count and can still be read), and the UIDs whose flags are to be told. Sequence numbers are the
 * ranks in the merge of the view's rows (up to the announced UID) with the untold expunges; every lookup is a few binary searches, nothing is copied.
 * Updates tell the *current* state, not its history, so a client can't end with stale flags and MODSEQ never goes backwards for a message.
 *
 * Pure: no socket, no store, no clock.
 */
import type { ExpungedRow, Flags, MailboxView, ViewStep } from '../../operations/contract.ts';
import { type FlagOperation, applyFlagChange, sameFlags } from '../../mail/flags.ts';
import type { Modseq, Seq, Uid } from '../../mail/ids.ts';
import { UidSet, UidSetBuilder } from '../../mail/uid-set.ts';

/** One untagged response of a mailbox update. `fetch` without `flags` tells the MODSEQ alone (RFC 7162 §3.1.3, .SILENT). */
export type MailboxUpdate =
  | { readonly kind: 'expunge'; readonly seq: Seq }
  | { readonly kind: 'vanished'; readonly uids: UidSet }
  | { readonly kind: 'exists'; readonly count: number }
  | { readonly kind: 'recent'; readonly count: number }
  | { readonly kind: 'flags'; readonly keywords: readonly string[] }
  | {
      readonly kind: 'fetch';
      readonly seq: Seq;
      readonly uid: Uid;
      readonly flags: Flags | undefined;
      readonly recent: boolean;
      readonly modseq: Modseq;
    };

export type TakeOptions = {
  /** False while answering FETCH, STORE and SEARCH by sequence number (RFC 9051 §7.5.1). */
  readonly allowExpunge: boolean;
  /** VANISHED instead of EXPUNGE (RFC 7162 §3.2.10). */
  readonly vanished?: boolean;
  /** False: only flags that the client's own STORE asked for (NOTIFY without FlagChange). Default true. */
  readonly allowFlags?: boolean;
  /** At most this many FETCH updates; `hasUpdates` stays true for the rest. */
  readonly limit?: number;
};

/** What a session expects after its own STORE, so that .SILENT stays silent exactly where the client already knows. */
export type StoreExpectation = { readonly uids: readonly Uid[]; readonly before: readonly (Flags | undefined)[] };

const NOTHING: readonly ExpungedRow[] = [];

export class SessionMailbox {
  readonly view: MailboxView;
  readonly readOnly: boolean;
  /** Called after the view moved in a way this client has not heard of. */
  onChange: (() => void) | undefined;
  readonly #unsubscribe: () => void;
  /** Highest UID that EXISTS has counted. */
  #announced: Uid;
  /** Expunged in the view, untold, by UID. */
  #expunged: readonly ExpungedRow[] = NOTHING;
  #dirty: UidSet = UidSet.empty;
  /** Of them, those that the client's own command must be answered with. */
  #asked: UidSet = UidSet.empty;
  /** Messages whose new MODSEQ alone is to be told. */
  #dirtyModseq: UidSet = UidSet.empty;
  #recent: UidSet = UidSet.empty;
  #recentChanged = false;
  #ownArrivals: UidSet = UidSet.empty;
  /** How many of the view's keywords FLAGS has named: the view's list only grows at its end. */
  #namedKeywords: number;

  /** Takes the whole view as told. `onChange` may be set later. */
  constructor(view: MailboxView, readOnly: boolean) {
    this.view = view;
    this.readOnly = readOnly;
    this.#announced = lastUid(view);
    this.#namedKeywords = view.keywords.length;
    this.#unsubscribe = view.subscribe((step) => this.#apply(step));
  }

  /** Ends the subscription; the position must not be used afterwards. */
  close(): void {
    this.#unsubscribe();
    this.onChange = undefined;
  }

  /** EXISTS as the client knows it. */
  get count(): number {
    return this.view.lowerBound(next(this.#announced)) + this.#expunged.length;
  }

  get announced(): Uid {
    return this.#announced;
  }

  /** The highest UID of the client's picture, 0 when that is empty: what `*` means in UID sets. */
  get maxUid(): number {
    const rows = this.view.lowerBound(next(this.#announced));
    const live = rows === 0 ? 0 : this.view.uidAt(rows - 1);
    const gone = this.#expunged.at(-1)?.uid ?? 0;
    return Math.max(live, gone);
  }

  get recentCount(): number {
    let count = 0;
    for (const { from, to } of this.#recent.ranges()) count += this.#rank(to + 1) - this.#rank(from);
    return count;
  }

  isRecent(uid: Uid): boolean {
    return this.#recent.has(uid);
  }

  get recent(): UidSet {
    return this.#recent;
  }

  /** UIDs whose expunge has not been told. */
  get untoldExpunges(): UidSet {
    return UidSet.fromSorted(this.#expunged.map((row) => row.uid));
  }

  /** The row of an untold expunge. */
  expungedRow(uid: Uid): ExpungedRow | undefined {
    const at = this.#expungedBound(uid);
    const row = this.#expunged[at];
    return row?.uid === uid ? row : undefined;
  }

  /** Sequence number of a UID in the client's picture, undefined when it is not in it. */
  seqOf(uid: Uid): Seq | undefined {
    if (uid > this.#announced) return undefined;
    const known = this.view.indexOf(uid) !== -1 || this.expungedRow(uid) !== undefined;
    return known ? ((this.#rank(uid) + 1) as Seq) : undefined;
  }

  /** UID of a sequence number; undefined outside 1 … count. */
  uidOf(seq: number): Uid | undefined {
    if (seq < 1 || seq > this.count) return undefined;
    const target = seq - 1;
    const gone = this.#expunged;
    // First untold expunge whose rank is not below the target.
    let low = 0;
    let high = gone.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.view.lowerBound(gone[middle]!.uid) + middle < target) low = middle + 1;
      else high = middle;
    }
    const at = gone[low];
    if (at !== undefined && this.view.lowerBound(at.uid) + low === target) return at.uid;
    return this.view.uidAt(target - low);
  }

  /** UIDs of a set of sequence numbers; numbers outside 1 … count are ignored. */
  uidsOfSeqs(seqs: UidSet): UidSet {
    const builder = new UidSetBuilder();
    const count = this.count;
    for (const { from, to } of seqs.ranges()) {
      const last = Math.min(to, count);
      if (this.#expunged.length === 0) {
        for (let seq = from; seq <= last; seq += 1) builder.add(this.view.uidAt(seq - 1));
      } else {
        for (let seq = from; seq <= last; seq += 1) builder.add(this.uidOf(seq)!);
      }
    }
    return builder.build();
  }

  /** The members of a UID set that are in the client's picture, untold expunges included. */
  present(uids: UidSet): UidSet {
    const builder = new UidSetBuilder();
    const end = this.view.lowerBound(next(this.#announced));
    for (const { from, to } of uids.ranges()) {
      for (let index = this.view.lowerBound(from as Uid); index < end; index += 1) {
        const uid = this.view.uidAt(index);
        if (uid > to) break;
        builder.add(uid);
      }
    }
    const live = builder.build();
    return this.#expunged.length === 0 ? live : live.union(this.untoldExpunges.intersect(uids));
  }

  /** All UIDs of the client's picture. */
  all(): UidSet {
    return this.present(UidSet.range(1, 0xffff_ffff));
  }

  /** Current flags, also of an untold expunge; undefined when not in the client's picture. */
  flagsOf(uid: Uid): Flags | undefined {
    const index = this.view.indexOf(uid);
    if (index !== -1) return uid > this.#announced ? undefined : this.view.flagsAt(index);
    return this.expungedRow(uid)?.flags;
  }

  modseqOf(uid: Uid): Modseq | undefined {
    const index = this.view.indexOf(uid);
    return index !== -1 ? this.view.modseqAt(index) : this.expungedRow(uid)?.modseq;
  }

  sizeOf(uid: Uid): number | undefined {
    const index = this.view.indexOf(uid);
    return index !== -1 ? this.view.sizeAt(index) : this.expungedRow(uid)?.sizeBytes;
  }

  internalDateOf(uid: Uid): number | undefined {
    const index = this.view.indexOf(uid);
    return index !== -1 ? this.view.internalDateAt(index) : this.expungedRow(uid)?.internalDateMs;
  }

  /** Messages beyond the announced UID, as the UID up to which \Recent can be claimed; undefined when there is none. */
  get arrivedThrough(): Uid | undefined {
    const last = lastUid(this.view);
    return last > this.#announced ? last : undefined;
  }

  get hasExpunges(): boolean {
    return this.#expunged.length > 0;
  }

  /** This client's own command put these here: it knows them (RFC 5465 §5.2). */
  noteOwnArrivals(uids: readonly number[]): void {
    this.#ownArrivals = this.#ownArrivals.union(UidSet.from([...uids]));
  }

  takeOwnArrivals(): UidSet {
    const own = this.#ownArrivals;
    this.#ownArrivals = UidSet.empty;
    return own;
  }

  /** Something is to be told. */
  get hasUpdates(): boolean {
    return this.#expunged.length > 0 || this.hasFlagUpdates || this.#recentChanged || this.arrivedThrough !== undefined;
  }

  get hasFlagUpdates(): boolean {
    return !this.#dirty.isEmpty || !this.#dirtyModseq.isEmpty;
  }

  /** The same of what the client's own STORE asked for. */
  get hasAskedFlags(): boolean {
    return !this.#dirtyModseq.isEmpty || !this.#dirty.intersect(this.#asked).isEmpty;
  }

  /** Marks messages from `from` up to `through` as recent for this session, and lets `take` announce arrivals up to `through`. */
  claim(from: Uid, through: Uid): void {
    if (from > through) return;
    this.#recent = this.#recent.union(UidSet.range(from, through));
    this.#recentChanged = true;
  }

  /** RECENT has just been told (SELECT tells it in its own place). */
  recentTold(): void {
    this.#recentChanged = false;
  }

  /** Sequence number of the first message without \\Seen, undefined when all are seen. */
  firstUnseen(): Seq | undefined {
    const { view } = this;
    const end = view.lowerBound(next(this.#announced));
    for (let index = 0; index < end; index += 1) {
      if (!view.flagsAt(index).includes('\\Seen')) return this.seqOf(view.uidAt(index));
    }
    return undefined;
  }

  /** The client has just been told the flags of these messages by a FETCH response with FLAGS (and MODSEQ, if it wants those). */
  flagsTold(uid: Uid): void {
    if (!this.#dirty.isEmpty && this.#dirty.has(uid)) this.#dirty = this.#dirty.remove(uid);
    if (!this.#dirtyModseq.isEmpty && this.#dirtyModseq.has(uid)) this.#dirtyModseq = this.#dirtyModseq.remove(uid);
  }

  /** The same for many. */
  flagsToldOf(uids: UidSet): void {
    this.#dirty = this.#dirty.subtract(uids);
    this.#dirtyModseq = this.#dirtyModseq.subtract(uids);
  }

  /** These messages' flags must be told even when nothing changed (a STORE without .SILENT answers for each message). */
  tellFlags(uids: UidSet): void {
    this.#dirty = this.#dirty.union(uids);
    this.#asked = uids;
  }

  /** Before a .SILENT store: what the client believes of each message. A message with untold flags is believed wrong anyway. */
  expect(uids: UidSet): StoreExpectation {
    const list = uids.toArray() as Uid[];
    return { uids: list, before: list.map((uid) => (this.#dirty.has(uid) ? undefined : this.flagsOf(uid))) };
  }

  /**
   * After a .SILENT store: what came out exactly as the client computes it need not be told; the rest stays to be told. With `tellModseq` the new
   * MODSEQ of the silent ones is told (RFC 7162 §3.1.3).
   */
  settle(expected: StoreExpectation, operation: FlagOperation, flags: readonly string[], tellModseq: boolean): void {
    const silent = new UidSetBuilder();
    const { uids, before } = expected;
    // Neighbours share interned lists: compute each list's change once.
    let lastBefore: Flags | undefined;
    let lastAfter: Flags | undefined;
    for (let i = 0; i < uids.length; i += 1) {
      const told = before[i];
      const now = this.flagsOf(uids[i]!);
      if (told === undefined || now === undefined) continue;
      if (told !== lastBefore || lastAfter === undefined) {
        lastBefore = told;
        lastAfter = applyFlagChange(told, operation, flags);
      }
      if (sameFlags(lastAfter, now)) silent.add(uids[i]!);
    }
    const quiet = silent.build();
    const wereDirty = this.#dirty.intersect(quiet);
    this.#dirty = this.#dirty.subtract(quiet);
    if (tellModseq) this.#dirtyModseq = this.#dirtyModseq.union(wereDirty);
  }

  /**
   * The untagged responses that bring the client's picture up to the view, in an order that is right for sequence numbers, and counts them as told.
   * Arrivals are announced up to `through` (the caller has claimed \Recent up to there first); without it they stay untold.
   */
  take(options: TakeOptions, through?: Uid): MailboxUpdate[] {
    const updates: MailboxUpdate[] = [];
    if (options.allowExpunge && this.#expunged.length > 0) this.#takeExpunges(updates, options.vanished === true);
    if (through !== undefined && through > this.#announced) {
      const before = this.count;
      this.#announced = through;
      const { count } = this;
      if (count !== before) updates.push({ kind: 'exists', count });
    }
    if (this.#recentChanged) {
      this.#recentChanged = false;
      updates.push({ kind: 'recent', count: this.recentCount });
    }
    this.takeKeywords(updates);
    if (this.hasFlagUpdates) {
      const dirty = options.allowFlags === false ? this.#dirty.intersect(this.#asked) : this.#dirty;
      this.#takeFlags(updates, dirty, options.limit ?? Number.MAX_SAFE_INTEGER);
    }
    return updates;
  }

  get hasNewKeywords(): boolean {
    return this.view.keywords.length !== this.#namedKeywords;
  }

  /** FLAGS with all keywords when the view knows some that the client has not been told (RFC 9051 §7.3.1: before a message shows one). */
  takeKeywords(updates: MailboxUpdate[]): void {
    const { keywords } = this.view;
    if (keywords.length === this.#namedKeywords) return;
    this.#namedKeywords = keywords.length;
    updates.push({ kind: 'flags', keywords });
  }

  #takeExpunges(updates: MailboxUpdate[], vanished: boolean): void {
    const gone = this.#expunged;
    if (vanished) {
      updates.push({ kind: 'vanished', uids: this.untoldExpunges });
    } else {
      // Downwards, so that no number moves before it is used.
      for (let i = gone.length - 1; i >= 0; i -= 1) {
        updates.push({ kind: 'expunge', seq: (this.view.lowerBound(gone[i]!.uid) + i + 1) as Seq });
      }
    }
    this.#expunged = NOTHING;
    const told = UidSet.fromSorted(gone.map((row) => row.uid));
    this.#recent = this.#recent.subtract(told);
    this.flagsToldOf(told);
  }

  #takeFlags(updates: MailboxUpdate[], dirty: UidSet, limit: number): void {
    let left = limit;
    for (const [set, withFlags] of [
      [dirty, true],
      [this.#dirtyModseq.subtract(this.#dirty), false],
    ] as const) {
      for (const n of set) {
        if (left === 0) {
          this.flagsToldOf(set.intersect(UidSet.range(1, n - 1)));
          return;
        }
        const uid = n as Uid;
        const seq = this.seqOf(uid);
        const flags = this.flagsOf(uid);
        const modseq = this.modseqOf(uid);
        if (seq === undefined || flags === undefined || modseq === undefined) continue;
        left -= 1;
        updates.push({ kind: 'fetch', seq, uid, flags: withFlags ? flags : undefined, recent: this.#recent.has(uid), modseq });
      }
      this.flagsToldOf(set);
    }
  }

  #apply(step: ViewStep): void {
    let changed = step.appended.length > 0;
    if (!step.flagged.isEmpty) {
      const told = step.flagged.intersect(UidSet.range(1, Math.max(1, this.#announced)));
      if (!told.isEmpty && this.#announced > 0) {
        this.#dirty = this.#dirty.union(told);
        changed = true;
      }
    }
    const gone = step.expunged.filter((row) => row.uid <= this.#announced);
    if (gone.length > 0) {
      this.#expunged = mergeRows(this.#expunged, gone);
      changed = true;
    }
    if (changed || this.view.deleted) this.onChange?.();
  }

  /** How many messages of the client's picture have a UID below this one. */
  #rank(uid: number): number {
    const live = Math.min(this.view.lowerBound(uid as Uid), this.view.lowerBound(next(this.#announced)));
    return live + this.#expungedBound(uid);
  }

  #expungedBound(uid: number): number {
    const rows = this.#expunged;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rows[middle]!.uid < uid) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function next(uid: Uid): Uid {
  return (uid + 1) as Uid;
}

function lastUid(view: MailboxView): Uid {
  return view.count === 0 ? (0 as Uid) : view.uidAt(view.count - 1);
}

/** `known` is in UID order; `more` is not always: one entry may hold several expunges. No UID is in both. */
function mergeRows(known: readonly ExpungedRow[], more: readonly ExpungedRow[]): readonly ExpungedRow[] {
  return [...known, ...more].sort((x, y) => x.uid - y.uid);
}
