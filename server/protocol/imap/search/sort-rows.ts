/** What SORT compares of some messages, read from the view and, where the criteria ask for it, from their summaries. */
import type { Uid } from '../../../mail/ids.ts';
import type { UidSet } from '../../../mail/uid-set.ts';
import type { MessageSummary } from '../../../operations/contract.ts';
import type { CommandContext } from '../command.ts';
import type { SortCriterion } from '../wire/sort-keys.ts';
import { type SortRow, needsSummaries } from './sort.ts';

type Context = Pick<CommandContext, 'ops' | 'session'>;

/** One row for each message that is still there, numbered by UID, in no order. */
export async function readSortRows(context: Context, uids: UidSet, criteria: readonly SortCriterion[]): Promise<SortRow[]> {
  const rows: SortRow[] = [];
  if (!needsSummaries(criteria)) {
    for (const uid of uids) rows.push(sortRow(context, uid as Uid, undefined));
    return rows;
  }
  await eachSummary(context, uids, (uid, summary) => void rows.push(sortRow(context, uid, summary)));
  return rows;
}

export async function eachSummary(
  { ops, session }: Context,
  uids: UidSet,
  visit: (uid: Uid, summary: MessageSummary) => void,
): Promise<void> {
  const { user, mailbox } = session.box.view;
  for await (const batch of ops.reads.summaries(user, mailbox, uids)) for (const summary of batch) visit(summary.uid, summary);
}

function sortRow({ session }: Context, uid: Uid, summary: MessageSummary | undefined): SortRow {
  const { box } = session;
  const arrivalMs = box.internalDateOf(uid) ?? 0;
  const keys = summary?.sort;
  return {
    number: uid,
    arrivalMs,
    dateMs: summary?.sentDate?.epochMs ?? arrivalMs,
    sizeBytes: box.sizeOf(uid) ?? 0,
    subject: keys?.subject ?? '',
    from: keys?.from ?? '',
    to: keys?.to ?? '',
    cc: keys?.cc ?? '',
    displayFrom: keys?.displayFrom ?? '',
    displayTo: keys?.displayTo ?? '',
  };
}
