/**
 * Searches whose result is kept up to date (RFC 5267 §4.3): after RETURN (UPDATE) the server tells what enters and leaves the result, until CANCELUPDATE or the
 * mailbox is closed. Only messages that changed are looked at again. A SORT's result is kept in its order, and told with positions.
 */
import type { Uid } from '../../../mail/ids.ts';
import { UidSet } from '../../../mail/uid-set.ts';
import type { CommandContext } from '../command.ts';
import type { SessionMailbox } from '../session-mailbox.ts';
import type { FetchItem } from '../wire/fetch-items.ts';
import type { SortCriterion } from '../wire/sort-keys.ts';
import { orderedSet } from './answer.ts';
import type { ReadyKey, SearchNeeds } from './evaluate.ts';
import { runSearch } from './run.ts';
import { readSortRows } from './sort-rows.ts';
import { SortedResult } from './sorted-result.ts';

/** Searches of one session that are kept up to date; more are refused by NOUPDATE. */
export const MAX_UPDATING_SEARCHES = 10;
/** Messages in all sorted results of one session that are kept up to date: some 30 MB of keys. */
export const MAX_SORTED_MESSAGES = 200_000;

export type UpdatingSearch = {
  readonly tag: string;
  readonly uid: boolean;
  readonly key: ReadyKey;
  readonly needs: SearchNeeds;
  /** What to send of a new message that enters (RFC 5465 §7). */
  readonly items: readonly FetchItem[];
  result: UidSet;
  /** The order of a SORT. */
  readonly sorted: { readonly criteria: readonly SortCriterion[]; readonly rows: SortedResult } | undefined;
};

/** What one search has to tell. */
export type ResultChange = { readonly search: UpdatingSearch; readonly leaving: UidSet; readonly entering: UidSet };

/** Before EXPUNGE is told: what is about to go leaves the results, under the numbers that it still has. */
export function tellLeaving({ session, out }: CommandContext, searches: readonly UpdatingSearch[], gone: UidSet): void {
  for (const search of searches) {
    const leaving = search.result.intersect(gone);
    if (leaving.isEmpty) continue;
    search.result = search.result.subtract(leaving);
    writeLeaving(out, session.box, search, leaving);
  }
}

/** After flags and arrivals are told: looks at the changed messages again. Nothing is told yet. */
export async function resultChanges(
  context: CommandContext,
  searches: readonly UpdatingSearch[],
  changed: UidSet,
): Promise<readonly ResultChange[]> {
  const { box } = context.session;
  const changes: ResultChange[] = [];
  if (changed.isEmpty) return changes;
  for (const search of searches) {
    const found = await runSearch(context, search.key, search.needs, Date.now(), search.tag, changed);
    if (context.session.boxOrNone !== box) return [];
    changes.push({
      search,
      leaving: search.result.intersect(changed).subtract(found),
      entering: found.subtract(search.result),
    });
  }
  return changes;
}

export async function tellResultChange(context: CommandContext, { search, leaving, entering }: ResultChange): Promise<void> {
  const { session, out } = context;
  const { box } = session;
  search.result = search.result.subtract(leaving).union(entering);
  if (!leaving.isEmpty) writeLeaving(out, box, search, leaving);
  if (entering.isEmpty) return;
  if (search.sorted === undefined) {
    writePlain(out, box, search, 'ADDTO', entering);
    return;
  }
  const rows = await readSortRows(context, entering, search.sorted.criteria);
  if (session.boxOrNone !== box) return;
  writePositions(out, box, search, 'ADDTO', search.sorted.rows.add(rows));
}

type Output = CommandContext['out'];

function writeLeaving(out: Output, box: SessionMailbox, search: UpdatingSearch, leaving: UidSet): void {
  if (search.sorted === undefined) writePlain(out, box, search, 'REMOVEFROM', leaving);
  else writePositions(out, box, search, 'REMOVEFROM', search.sorted.rows.remove(leaving));
}

/** Position 0: the order of SEARCH results is the mailbox's own (RFC 5267 §4.3.2). */
function writePlain(out: Output, box: SessionMailbox, search: UpdatingSearch, word: string, uids: UidSet): void {
  const numbers = search.uid ? uids : UidSet.from([...uids].flatMap((uid) => box.seqOf(uid as Uid) ?? []));
  if (numbers.isEmpty) return;
  out.untagged(`ESEARCH (TAG "${search.tag}")${search.uid ? ' UID' : ''} ${word} (0 ${numbers.toString()})`);
}

type Run = { readonly position: number; readonly uids: readonly number[] };

/** RFC 5267 §4.3.3, §4.3.4: pairs of a position and what goes in or out there, processed in their order. */
function writePositions(out: Output, box: SessionMailbox, search: UpdatingSearch, word: string, runs: readonly Run[]): void {
  const pairs = runs.map(({ position, uids }) => {
    const numbers = search.uid ? uids : uids.flatMap((uid) => box.seqOf(uid as Uid) ?? []);
    return `${position} ${orderedSet(numbers)}`;
  });
  if (pairs.length === 0) return;
  out.untagged(`ESEARCH (TAG "${search.tag}")${search.uid ? ' UID' : ''} ${word} (${pairs.join(' ')})`);
}
