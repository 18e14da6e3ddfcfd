/** Tells a session what the view has news of: claims \Recent for arrivals, takes the updates from the position, writes them (RFC 9051 §7.4, §7.5). */
import type { CommandContext } from './command.ts';
import type { ImapOutput } from './output.ts';
import type { Session } from './session.ts';
import type { MailboxUpdate, SessionMailbox } from './session-mailbox.ts';
import type { Uid } from '../../mail/ids.ts';
import { UidSet, UidSetBuilder } from '../../mail/uid-set.ts';
import { type ResultChange, resultChanges, tellLeaving, tellResultChange } from './search/updates.ts';
import type { FetchItem } from './wire/fetch-items.ts';
import { SYSTEM_FLAGS } from '../../mail/flags.ts';
import { mayChangeAllFlags, mayChangeFlag } from './flag-rights.ts';
import { responseCode } from './wire/writer.ts';

/** FETCH updates written before the output is given time to drain. */
const BATCH = 1_000;

export type TellOptions = {
  readonly allowExpunge: boolean;
  /** Bring the view to the journal's end first. */
  readonly refresh: boolean;
  /** False: new messages stay unannounced (NOTIFY without SELECTED). */
  readonly allowArrivals?: boolean;
  /** False: flags that others changed stay untold (NOTIFY without FlagChange). */
  readonly allowFlags?: boolean;
  /** What to send of each new message (NOTIFY, RFC 5465 §5.2). */
  readonly newItems?: readonly FetchItem[];
  /** Tells items of messages; FETCH itself stands above this module. */
  readonly tellItems?: (items: readonly FetchItem[], uids: UidSet) => Promise<void>;
  /** The command is a UID form: FETCH responses carry the UID (RFC 9051 §6.4.9). */
  readonly uid?: boolean;
};

/** Nothing is written when nothing changed. Throws when the store can't be asked. */
export async function tellUpdates(context: CommandContext, options: TellOptions): Promise<void> {
  const { session, ops, out } = context;
  const box = session.boxOrNone;
  if (box === undefined) return;
  if (options.refresh) await ops.views.refresh(box.view);
  const through = options.allowArrivals === false ? undefined : await claimArrivals(context, box);
  const vanished = session.isEnabled('QRESYNC') || session.isEnabled('UIDONLY');
  for (;;) {
    // Another mailbox, or none, may be selected after a wait.
    if (session.boxOrNone !== box) return;
    if (session.searches.length > 0 && options.allowExpunge && box.hasExpunges)
      tellLeaving(context, session.searches, box.untoldExpunges);
    const { allowExpunge, allowFlags = true } = options;
    const announced = box.announced;
    const updates = box.take({ allowExpunge, vanished, allowFlags, limit: BATCH }, through);
    for (const update of updates) writeUpdate(out, session, update, options.uid === true);
    if (session.searches.length > 0 || options.tellItems !== undefined) {
      const arrived = box.announced > announced ? box.present(UidSet.range(announced + 1, box.announced)) : UidSet.empty;
      await tellResults(context, options, changedBy(updates, arrived), arrived);
    }
    if (session.boxOrNone !== box || !(allowFlags ? box.hasFlagUpdates : box.hasAskedFlags)) return;
    await out.drain();
  }
}

/**
 * What searches gained and lost, and the items of new messages. RFC 5465 §5.2 has NOTIFY's FETCH responses behind the ESEARCH responses and joins the items of both; §7 has
 * those that only a search asked for before them.
 */
async function tellResults(context: CommandContext, options: TellOptions, changed: UidSet, arrived: UidSet): Promise<void> {
  const { session } = context;
  const { newItems = [], tellItems } = options;
  const changes = session.searches.length === 0 ? [] : await resultChanges(context, session.searches, changed);
  const own = session.boxOrNone?.takeOwnArrivals() ?? UidSet.empty;
  const fetches = arrived.isEmpty || tellItems === undefined ? [] : itemsOf(arrived.subtract(own), newItems, changes);
  const tellFetches = async (): Promise<void> => {
    for (const { items, uids } of fetches) await tellItems?.(items, uids);
  };
  if (newItems.length === 0) await tellFetches();
  for (const change of changes) await tellResultChange(context, change);
  if (newItems.length > 0) await tellFetches();
}

/** Which items to send of which new messages: one FETCH response for each message. */
function itemsOf(
  arrived: UidSet,
  newItems: readonly FetchItem[],
  changes: readonly ResultChange[],
): readonly { readonly items: readonly FetchItem[]; readonly uids: UidSet }[] {
  const asking = changes.filter(({ search }) => search.items.length > 0);
  if (asking.length === 0) return newItems.length === 0 || arrived.isEmpty ? [] : [{ items: newItems, uids: arrived }];
  const groups = new Map<string, { items: FetchItem[]; uids: number[] }>();
  for (const uid of arrived) {
    const entered = asking.filter(({ entering }) => entering.has(uid));
    const items = [...newItems, ...entered.flatMap(({ search }) => search.items)];
    if (items.length === 0) continue;
    const key = entered.map(({ search }) => search.tag).join(' ');
    const group = groups.get(key) ?? { items, uids: [] };
    group.uids.push(uid);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ items, uids }) => ({ items: distinctItems(items), uids: UidSet.fromSorted(uids) }));
}

function distinctItems(items: readonly FetchItem[]): FetchItem[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** Messages whose flags were told, and those that arrived. */
function changedBy(updates: readonly MailboxUpdate[], arrived: UidSet): UidSet {
  const changed = new UidSetBuilder();
  for (const update of updates) if (update.kind === 'fetch') changed.add(update.uid);
  return changed.build().union(arrived);
}

/** Claims \Recent up to the newest arrival, and answers up to where arrivals may be announced. */
export async function claimArrivals(
  context: Pick<CommandContext, 'session' | 'ops'>,
  box: SessionMailbox,
): Promise<Uid | undefined> {
  const through = box.arrivedThrough;
  if (through === undefined) return undefined;
  await claimRecent(context, box, (box.announced + 1) as Uid, through);
  return through;
}

/** EXAMINE looks at \Recent without claiming it (RFC 3501 §6.3.2); IMAP4rev2 has none. */
export async function claimRecent(
  context: Pick<CommandContext, 'session' | 'ops'>,
  box: SessionMailbox,
  from: Uid,
  through: Uid,
): Promise<void> {
  const { session, ops } = context;
  if (session.isEnabled('IMAP4rev2')) return;
  const { user, mailbox } = box.view;
  const first = await ops.mailboxes.claimRecent(user, mailbox, box.readOnly ? (0 as Uid) : through);
  box.claim(Math.max(first, from) as Uid, through);
}

function writeUpdate(out: ImapOutput, session: Session, update: MailboxUpdate, uid: boolean): void {
  switch (update.kind) {
    case 'expunge':
      out.untagged(`${update.seq} EXPUNGE`);
      return;
    case 'vanished':
      out.untagged(`VANISHED ${update.uids.toString()}`);
      return;
    case 'exists':
      out.untagged(`${update.count} EXISTS`);
      return;
    case 'recent':
      out.untagged(`${update.count} RECENT`);
      return;
    case 'flags':
      writeFlags(out, update.keywords, session.box.readOnly, session.rights);
      return;
    case 'fetch':
      out.untagged(fetchUpdate(session, update, uid));
  }
}

/** FLAGS before a FETCH response that may show a keyword the client has not been told of. */
export function writePendingKeywords(out: ImapOutput, session: Session): void {
  if (!session.box.hasNewKeywords) return;
  const updates: MailboxUpdate[] = [];
  session.box.takeKeywords(updates);
  for (const update of updates) writeUpdate(out, session, update, false);
}

function fetchUpdate(session: Session, update: Extract<MailboxUpdate, { kind: 'fetch' }>, uidForm: boolean): string {
  const { seq, uid, flags, recent, modseq } = update;
  const items: string[] = [];
  const uidOnly = session.isEnabled('UIDONLY');
  if (!uidOnly && (uidForm || session.condstore || session.isEnabled('IMAP4rev2'))) items.push(`UID ${uid}`);
  if (flags !== undefined) items.push(`FLAGS (${flagsText(flags, recent)})`);
  if (session.condstore) items.push(`MODSEQ (${modseq})`);
  return uidOnly ? `${uid} UIDFETCH (${items.join(' ')})` : `${seq} FETCH (${items.join(' ')})`;
}

/** Flags in FETCH responses: the stored ones and, where it is so, \Recent. */
export function flagsText(flags: readonly string[], recent: boolean): string {
  const text = flags.join(' ');
  if (!recent) return text;
  return text === '' ? '\\Recent' : `${text} \\Recent`;
}

/** FLAGS and PERMANENTFLAGS, at SELECT and whenever a keyword is new (RFC 9051 §7.3.1). */
export function writeFlags(out: ImapOutput, keywords: readonly string[], readOnly: boolean, rights: string): void {
  const all = [...SYSTEM_FLAGS, ...keywords];
  out.untagged(`FLAGS (${all.join(' ')})`);
  if (readOnly) out.untaggedStatus('OK', 'Read-only mailbox', responseCode.permanentFlags([], false));
  else {
    const mine = mayChangeAllFlags(rights) ? all : all.filter((flag) => mayChangeFlag(rights, flag));
    out.untaggedStatus('OK', 'Flags can be kept', responseCode.permanentFlags(mine, rights.includes('w')));
  }
}
