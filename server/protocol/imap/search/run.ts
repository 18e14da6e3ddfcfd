/** Runs a SEARCH program over the selected mailbox: the view first, then only what is undecided, stage by stage, in batches. */
import type { Modseq, Uid } from '../../../mail/ids.ts';
import { UidSet, UidSetBuilder } from '../../../mail/uid-set.ts';
import type { Flags } from '../../../operations/contract.ts';
import type { CommandContext } from '../command.ts';
import type { SessionMailbox } from '../session-mailbox.ts';
import { type ReadyKey, type SearchNeeds, type SearchRow, matches } from './evaluate.ts';

/** Rows are looked at this many at a time before others get a turn. */
const ROWS_PER_TURN = 20_000;

/** Facts that are kept between stages: small ones. Texts are not kept. */
type Facts = { savedAtMs?: number; emailId?: string; threadId?: string; sentDay?: number | null; header?: string; body?: string };

/** UIDs that match (of `within`, when given), of the messages the client knows and that are still there. */
export async function runSearch(
  context: CommandContext,
  key: ReadyKey,
  needs: SearchNeeds,
  nowMs: number,
  tag: string,
  within?: UidSet,
): Promise<UidSet> {
  const { box } = context.session;
  const found = new UidSetBuilder();
  let undecided = await overView(box, key, nowMs, found, within);
  if (undecided.isEmpty) return found.build();
  const search = new StagedSearch(context, key, nowMs, found, tag);
  if (needs.metadata) undecided = await search.withMetadata(undecided);
  if (needs.summary) undecided = await search.withSummaries(undecided);
  if (needs.header) undecided = await search.withTexts(undecided, 'header');
  if (needs.body) undecided = await search.withTexts(undecided, needs.header ? 'both' : 'body');
  return found.build();
}

/** Decides what the view alone can decide; answers the rest. */
async function overView(
  box: SessionMailbox,
  key: ReadyKey,
  nowMs: number,
  found: UidSetBuilder,
  within: UidSet | undefined,
): Promise<UidSet> {
  const undecided = new UidSetBuilder();
  const row = new ViewRow(box);
  if (within !== undefined) {
    for (const uid of within) {
      const index = uid <= box.announced ? box.view.indexOf(uid as Uid) : -1;
      if (index === -1) continue;
      row.move(index);
      const result = matches(key, row, nowMs);
      if (result === true) found.add(uid);
      else if (result === undefined) undecided.add(uid);
    }
    return undecided.build();
  }
  let from = 1 as Uid;
  for (;;) {
    const { view } = box;
    const end = view.lowerBound((box.announced + 1) as Uid);
    const start = view.lowerBound(from);
    const stop = Math.min(end, start + ROWS_PER_TURN);
    for (let index = start; index < stop; index += 1) {
      row.move(index);
      const result = matches(key, row, nowMs);
      if (result === true) found.add(row.uid);
      else if (result === undefined) undecided.add(row.uid);
    }
    if (stop === end) return undecided.build();
    from = (view.uidAt(stop - 1) + 1) as Uid;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** One row, moved along the view: no object per message. */
class ViewRow implements SearchRow {
  readonly #box: SessionMailbox;
  #index = 0;
  uid = 0 as Uid;

  constructor(box: SessionMailbox) {
    this.#box = box;
  }

  move(index: number): void {
    this.#index = index;
    this.uid = this.#box.view.uidAt(index);
  }
  get flags(): Flags {
    return this.#box.view.flagsAt(this.#index);
  }
  get recent(): boolean {
    return this.#box.isRecent(this.uid);
  }
  get modseq(): Modseq {
    return this.#box.view.modseqAt(this.#index);
  }
  get sizeBytes(): number {
    return this.#box.view.sizeAt(this.#index);
  }
  get internalDateMs(): number {
    return this.#box.view.internalDateAt(this.#index);
  }
}

class StagedSearch {
  readonly #context: CommandContext;
  readonly #key: ReadyKey;
  readonly #nowMs: number;
  readonly #found: UidSetBuilder;
  readonly #facts = new Map<number, Facts>();
  readonly #tag: string;

  constructor(context: CommandContext, key: ReadyKey, nowMs: number, found: UidSetBuilder, tag: string) {
    this.#context = context;
    this.#key = key;
    this.#nowMs = nowMs;
    this.#found = found;
    this.#tag = tag;
  }

  async withMetadata(uids: UidSet): Promise<UidSet> {
    const rest = new UidSetBuilder();
    const { user, mailbox } = this.#context.session.box.view;
    for await (const batch of this.#context.ops.reads.metadata(user, mailbox, uids)) {
      for (const { uid, savedAtMs, content, thread } of batch) {
        this.#decide(uid, { savedAtMs, emailId: content, threadId: thread }, rest);
      }
    }
    return rest.build();
  }

  async withSummaries(uids: UidSet): Promise<UidSet> {
    const rest = new UidSetBuilder();
    const { user, mailbox } = this.#context.session.box.view;
    for await (const batch of this.#context.ops.reads.summaries(user, mailbox, uids)) {
      for (const { uid, sentDate } of batch) {
        this.#decide(uid, { sentDay: sentDate === undefined ? null : dayOfNumber(sentDate.day) }, rest);
      }
    }
    return rest.build();
  }

  async withTexts(uids: UidSet, which: 'header' | 'body' | 'both'): Promise<UidSet> {
    const rest = new UidSetBuilder();
    const { user, mailbox } = this.#context.session.box.view;
    let done = 0;
    for await (const batch of this.#context.ops.reads.searchText(user, mailbox, uids, which)) {
      done += batch.length;
      this.#context.progress(this.#tag, done, uids.count);
      for (const { uid, header, body } of batch) {
        const texts: Facts = which === 'header' ? { header } : which === 'body' ? { body } : { header, body };
        this.#decide(uid, texts, rest, false);
      }
    }
    return rest.build();
  }

  #decide(uid: Uid, facts: Facts, rest: UidSetBuilder, keep = true): void {
    const { box } = this.#context.session;
    // Expunged meanwhile: no match.
    const index = box.view.indexOf(uid);
    if (index === -1) return;
    const known = { ...this.#facts.get(uid), ...facts };
    const row: SearchRow = {
      uid,
      flags: box.view.flagsAt(index),
      recent: box.isRecent(uid),
      modseq: box.view.modseqAt(index),
      sizeBytes: box.view.sizeAt(index),
      internalDateMs: box.view.internalDateAt(index),
      ...known,
    };
    const result = matches(this.#key, row, this.#nowMs);
    if (result === true) this.#found.add(uid);
    if (result !== undefined) {
      this.#facts.delete(uid);
      return;
    }
    if (keep) this.#facts.set(uid, known);
    rest.add(uid);
  }
}

/** year × 10000 + month × 100 + day → days since 1970-01-01. */
export function dayOfNumber(day: number): number {
  return Math.floor(Date.UTC(Math.floor(day / 10_000), (Math.floor(day / 100) % 100) - 1, day % 100) / 86_400_000);
}

/** The highest MODSEQ among these messages (RFC 7162 §3.1.5); 0 when there is none. */
export function highestModseq(box: SessionMailbox, uids: UidSet): number {
  let highest = 0;
  for (const uid of uids) highest = Math.max(highest, box.modseqOf(uid as Uid) ?? 0);
  return highest;
}
