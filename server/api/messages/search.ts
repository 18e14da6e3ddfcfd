/** Search over the mailboxes of a user: flags, dates and sizes from the views, text from the folded texts, newest first. */
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import { UidSet, UidSetBuilder } from '../../mail/uid-set.ts';
import { headerContains } from '../../mime/text.ts';
import type { MailboxInfo, MailboxView, SearchText } from '../../operations/contract.ts';
import type { ApiContext } from '../context.ts';
import { isEmptyText, type SearchQuery, type TextQuery } from './search-query.ts';
import { uidsOf } from './uid-ranges.ts';

export type Found = { readonly mailbox: MailboxId; readonly uid: Uid; readonly dateMs: number };

/** Everything that matches, in no particular order. `info`: the mailboxes of the user. */
export async function searchMessages(context: ApiContext, user: UserId, query: SearchQuery): Promise<Found[]> {
  const mailboxes = (await context.operations.mailboxes.list(user)).filter((info) => isWanted(info, query));
  const thread = query.thread === undefined ? undefined : await threadOf(context, user, query.thread);
  const found: Found[] = [];
  for (const info of mailboxes) {
    const inThread = thread?.get(info.id);
    if (thread !== undefined && inThread === undefined) continue;
    const { view, release } = await context.operations.views.open(user, info.id);
    try {
      await context.operations.views.refresh(view);
      const candidates = byFlags(view, query, inThread);
      for (const uid of await byContent(context, view, candidates, query)) {
        const index = view.indexOf(uid as Uid);
        if (index !== -1) found.push({ mailbox: info.id, uid: uid as Uid, dateMs: view.internalDateAt(index) });
      }
    } finally {
      release();
    }
  }
  return found;
}

function isWanted(info: MailboxInfo, query: SearchQuery): boolean {
  if (info.noSelect || info.hidden || info.counts.messages === 0) return false;
  if (query.mailbox !== undefined && info.id !== query.mailbox) return false;
  if (query.searchable && (info.specialUse === '\\Junk' || info.specialUse === '\\Trash')) return false;
  if (query.within === undefined) return true;
  const name = query.within.toLowerCase();
  return info.path.toLowerCase() === name || info.specialUse?.toLowerCase() === `\\${name}`;
}

async function threadOf({ store }: ApiContext, user: UserId, thread: string): Promise<Map<MailboxId, UidSet>> {
  const builders = new Map<MailboxId, UidSetBuilder>();
  for (const { mailbox, uid } of await store.records.thread(user, thread)) {
    const builder = builders.get(mailbox) ?? new UidSetBuilder();
    builders.set(mailbox, builder.add(uid));
  }
  return new Map([...builders].map(([mailbox, builder]) => [mailbox, builder.build()]));
}

function byFlags(view: MailboxView, query: SearchQuery, within: UidSet | undefined): UidSet {
  const { fromMs = -Infinity, toMs = Infinity, minBytes = 0, maxBytes = Infinity, flagged, unseen } = query;
  const range = query.uids === undefined ? undefined : uidsOf(query.uids, view);
  const builder = new UidSetBuilder();
  for (let index = 0; index < view.count; index += 1) {
    const date = view.internalDateAt(index);
    const size = view.sizeAt(index);
    if (date < fromMs || date > toMs || size < minBytes || size > maxBytes) continue;
    const flags = view.flagsAt(index);
    if (flagged !== undefined && flagged !== flags.includes('\\Flagged')) continue;
    if (unseen !== undefined && unseen === flags.includes('\\Seen')) continue;
    const uid = view.uidAt(index);
    if ((range !== undefined && !range.has(uid)) || (within !== undefined && !within.has(uid))) continue;
    builder.add(uid);
  }
  return builder.build();
}

async function byContent({ operations }: ApiContext, view: MailboxView, candidates: UidSet, query: SearchQuery): Promise<UidSet> {
  let left = candidates;
  const { text, either, attachments } = query;
  const wanted = [text, ...(either === undefined ? [] : [either])].filter((one) => !isEmptyText(one));
  if (wanted.length > 0 && !left.isEmpty) {
    const which = wanted.some((one) => one.anywhere.length > 0) ? 'both' : 'header';
    const builder = new UidSetBuilder();
    for await (const batch of operations.reads.searchText(view.user, view.mailbox, left, which)) {
      for (const row of batch) if (matches(row, text) && (either === undefined || matchesAny(row, either))) builder.add(row.uid);
    }
    left = builder.build();
  }
  if (attachments !== undefined && !left.isEmpty) {
    const builder = new UidSetBuilder();
    for await (const batch of operations.reads.summaries(view.user, view.mailbox, left)) {
      for (const summary of batch) if (summary.attachments.some((one) => !one.related) === attachments) builder.add(summary.uid);
    }
    left = builder.build();
  }
  return left;
}

function tests(query: TextQuery, { header, body }: SearchText): boolean[] {
  const inField = (names: readonly string[]) => (needle: string) => names.some((name) => headerContains(header, name, needle));
  return [
    ...query.anywhere.map((needle) => header.includes(needle) || body.includes(needle)),
    ...query.from.map(inField(['From'])),
    ...query.to.map(inField(['To', 'Cc', 'Bcc'])),
    ...query.subject.map(inField(['Subject'])),
  ];
}

function matches(row: SearchText, query: TextQuery): boolean {
  return tests(query, row).every(Boolean);
}

function matchesAny(row: SearchText, query: TextQuery): boolean {
  return isEmptyText(query) || tests(query, row).some(Boolean);
}
