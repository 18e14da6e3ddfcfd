/**
 * Searches whose result is kept up to date (RFC 5267 §4.3): after RETURN (UPDATE) the server tells what enters and leaves the result, until CANCELUPDATE or the
 * mailbox is closed. Only messages that changed are looked at again.
 */
import type { Uid } from '../../../mail/ids.ts';
import { UidSet } from '../../../mail/uid-set.ts';
import type { CommandContext } from '../command.ts';
import type { SessionMailbox } from '../session-mailbox.ts';
import type { ReadyKey, SearchNeeds } from './evaluate.ts';
import { runSearch } from './run.ts';

/** Searches of one session that are kept up to date; more are refused by NOUPDATE. */
export const MAX_UPDATING_SEARCHES = 10;

export type UpdatingSearch = {
  readonly tag: string;
  readonly uid: boolean;
  readonly key: ReadyKey;
  readonly needs: SearchNeeds;
  result: UidSet;
};

/** Before EXPUNGE is told: what is about to go leaves the results, under the numbers that it still has. */
export function tellLeaving(context: CommandContext, searches: readonly UpdatingSearch[], gone: UidSet): void {
  const { box } = context.session;
  for (const search of searches) {
    const leaving = search.result.intersect(gone);
    if (leaving.isEmpty) continue;
    write(context, box, search, 'REMOVEFROM', leaving);
    search.result = search.result.subtract(leaving);
  }
}

/** After flags and arrivals are told: looks at the changed messages again. */
export async function tellChanged(context: CommandContext, searches: readonly UpdatingSearch[], changed: UidSet): Promise<void> {
  const { box } = context.session;
  for (const search of searches) {
    const found = await runSearch(context, search.key, search.needs, Date.now(), search.tag, changed);
    if (context.session.boxOrNone !== box) return;
    const leaving = search.result.intersect(changed).subtract(found);
    const entering = found.subtract(search.result);
    if (!leaving.isEmpty) write(context, box, search, 'REMOVEFROM', leaving);
    if (!entering.isEmpty) write(context, box, search, 'ADDTO', entering);
    search.result = search.result.subtract(leaving).union(entering);
  }
}

/** Position 0: the order of SEARCH results is the mailbox's own (RFC 5267 §4.3.2). */
function write({ out }: CommandContext, box: SessionMailbox, search: UpdatingSearch, word: string, uids: UidSet): void {
  const numbers = search.uid ? uids : UidSet.from([...uids].flatMap((uid) => box.seqOf(uid as Uid) ?? []));
  if (numbers.isEmpty) return;
  out.untagged(`ESEARCH (TAG "${search.tag}")${search.uid ? ' UID' : ''} ${word} (0 ${numbers.toString()})`);
}
