/**
 * From the name a client gives to the mailbox it means, whose it is, and what the user may do with it (RFC 4314).
 *
 * One's own mailboxes have plain names. Those that others share are seen as `#user/OWNER/PATH` (RFC 2342's Other Users' Namespace); the names between are \Noselect. A
 * mailbox without the `l` right does not exist for the user.
 */
import { type FaultCode, refused } from '../../base/fault.ts';
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import { SEPARATOR, normaliseMailboxName, parseMailboxPath } from '../../mail/mailbox-path.ts';
import { ALL_RIGHTS } from '../../mail/rights.ts';
import type { MailboxInfo } from '../../operations/contract.ts';
import type { CommandContext } from './command.ts';

type Context = Pick<CommandContext, 'session' | 'ops'>;

/** The name space of what other users share. */
export const OTHER_USERS = '#user';

export type ResolvedMailbox = {
  readonly mailbox: MailboxInfo;
  readonly rights: string;
  /** The name as this user sees it. */
  readonly name: string;
};

export type ResolveOptions = {
  /** Rights that are all needed. */
  readonly needs: string;
  /** NONEXISTENT, or TRYCREATE for APPEND, COPY and MOVE. */
  readonly missing?: FaultCode;
  /** \Noselect names will do. */
  readonly anyName?: boolean;
};

/** A mailbox by name. Faults: NONEXISTENT or TRYCREATE; NOPERM for a mailbox that is seen but may not be used so. */
export async function resolveMailbox(context: Context, given: string, options: ResolveOptions): Promise<ResolvedMailbox> {
  const missing = options.missing ?? 'NONEXISTENT';
  const found = await findMailbox(context, given);
  if (found === undefined) throw refused(missing, 'No such mailbox');
  if (found.mailbox.noSelect && options.anyName !== true) throw refused(missing, 'That name is not a mailbox');
  requireRights(found.rights, options.needs);
  return found;
}

/** The mailbox of that name that the user can see. */
export async function findMailbox({ session, ops }: Context, given: string): Promise<ResolvedMailbox | undefined> {
  const name = normaliseMailboxName(given);
  if (isShared(name)) return (await sharedMailboxes({ session, ops })).find((one) => one.name === normaliseShared(name));
  const mailbox = await ops.mailboxes.findByPath(session.account.user, name);
  return mailbox === undefined ? undefined : { mailbox, rights: ALL_RIGHTS, name: mailbox.path };
}

export function isShared(name: string): boolean {
  return name === OTHER_USERS || name.startsWith(OTHER_USERS + SEPARATOR);
}

/** A name as mailboxes are named here, for comparing: INBOX in capitals, one form of Unicode. */
export function normaliseName(name: string): string {
  return isShared(name) ? normaliseShared(name) : normaliseMailboxName(name);
}

/** INBOX in capitals also behind the owner's name. */
function normaliseShared(name: string): string {
  const [space = '', owner, ...rest] = name.split(SEPARATOR);
  if (owner === undefined) return space;
  return [space, owner, ...(rest.length === 0 ? [] : [normaliseMailboxName(rest.join(SEPARATOR))])].join(SEPARATOR);
}

/** Everything that others share with this user and let it see. */
export async function sharedMailboxes({ session, ops }: Context): Promise<readonly ResolvedMailbox[]> {
  const shared = await ops.acls.sharedWith(session.account.user);
  const owners = new Map<UserId, string | undefined>();
  const found: ResolvedMailbox[] = [];
  for (const { mailbox, rights } of shared) {
    if (!rights.includes('l') || mailbox.user === session.account.user) continue;
    if (!owners.has(mailbox.user)) owners.set(mailbox.user, (await ops.accounts.account(mailbox.user))?.username);
    const owner = owners.get(mailbox.user);
    if (owner !== undefined) found.push({ mailbox, rights, name: [OTHER_USERS, owner, mailbox.path].join(SEPARATOR) });
  }
  return found;
}

/** The same as a tree for LIST: paths as this user sees them, with the \Noselect names above. */
export async function sharedTree(context: Context): Promise<readonly MailboxInfo[]> {
  const shared = await sharedMailboxes(context);
  if (shared.length === 0) return [];
  const subscribed = await sharedSubscriptions(context);
  const byPath = new Map<string, MailboxInfo>();
  for (const { mailbox, name } of shared) {
    const { specialUse: _owners, ...info } = mailbox;
    byPath.set(name, { ...info, path: name, subscribed: subscribed.has(mailbox.id), hidden: false });
  }
  for (const { name } of shared) {
    for (let at = name.indexOf(SEPARATOR); at !== -1; at = name.indexOf(SEPARATOR, at + 1)) {
      const path = name.slice(0, at);
      if (!byPath.has(path)) byPath.set(path, nameOnly(path, context.session.account.user));
    }
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function nameOnly(path: string, user: UserId): MailboxInfo {
  return {
    id: '' as MailboxId,
    user,
    path,
    uidValidity: 0,
    uidNext: 1 as Uid,
    modseq: 1 as never,
    counts: { messages: 0, unseen: 0, deleted: 0, bytes: 0 },
    subscribed: false,
    noSelect: true,
    hidden: false,
    retentionMs: 0,
    createdAtMs: 0,
  };
}

/** Where a user keeps which shared mailboxes it is subscribed to: the `subscribed` of the mailbox is its owner's. */
const SUBSCRIPTIONS = '/private/vendor/mallard/subscribed/';

/** Ids of the shared mailboxes that this user is subscribed to. */
export async function sharedSubscriptions({ session, ops }: Context): Promise<ReadonlySet<string>> {
  const { user } = session.account;
  const entries = await ops.metadata.get(user, user, undefined);
  return new Set(
    entries.filter(({ entry }) => entry.startsWith(SUBSCRIPTIONS)).map(({ entry }) => entry.slice(SUBSCRIPTIONS.length)),
  );
}

export async function setSharedSubscription({ session, ops }: Context, mailbox: MailboxId, subscribed: boolean): Promise<void> {
  const { user } = session.account;
  await ops.metadata.set(user, user, undefined, [
    { entry: SUBSCRIPTIONS + mailbox, value: subscribed ? Buffer.from('1') : undefined },
  ]);
}

/** True for entries that are the server's own and not shown to clients. */
export function isInternalEntry(entry: string): boolean {
  return entry.startsWith(SUBSCRIPTIONS);
}

/** Fault NOPERM unless all of `needs` are there. */
export function requireRights(rights: string, needs: string): void {
  for (const right of needs) if (!rights.includes(right)) throw refused('NOPERM', 'You do not have the right to do that');
}

/** The user's rights on the selected mailbox as they are now: they may have been taken away since SELECT. */
export async function selectedRights({ session, ops }: Context): Promise<string> {
  const { user, mailbox } = session.box.view;
  return user === session.account.user ? ALL_RIGHTS : ops.acls.rightsOf(session.account.user, user, mailbox);
}

export type NewPlace = { readonly owner: UserId; readonly path: string; readonly parent: MailboxInfo | undefined };

/** Where a new mailbox of that name would be, fit to be created. Faults: CANNOT with the reason; NOPERM without `k` on the parent. */
export async function resolveNewPlace(context: Context, given: string): Promise<NewPlace> {
  const { session } = context;
  if (!isShared(given)) return { owner: session.account.user, path: expectCreatablePath(given), parent: undefined };
  const name = normaliseShared(given.endsWith(SEPARATOR) ? given.slice(0, -1) : given);
  const parentName = name.slice(0, name.lastIndexOf(SEPARATOR));
  const parent = (await sharedMailboxes(context)).find((one) => one.name === parentName);
  if (parent === undefined) throw refused('NOPERM', 'New mailboxes can be made only below a shared one');
  requireRights(parent.rights, 'k');
  const path = expectCreatablePath(`${parent.mailbox.path}${SEPARATOR}${name.slice(parentName.length + 1)}`);
  return { owner: parent.mailbox.user, path, parent: parent.mailbox };
}

const PATH_FAULTS = {
  empty: 'A mailbox name is empty',
  'empty-level': 'A mailbox name has an empty level',
  'forbidden-character': 'A mailbox name has a control character',
  'reserved-namespace': 'Names that begin with # are reserved',
  'level-too-long': 'A level of the mailbox name is too long',
  'path-too-long': 'The mailbox name is too long',
  'too-deep': 'The mailbox name has too many levels',
} as const;

/** A name fit to be created, normalised. Faults: CANNOT with the reason. */
export function expectCreatablePath(name: string): string {
  const path = parseMailboxPath(name);
  if (path.ok) return path.value;
  throw refused('CANNOT', PATH_FAULTS[path.fault]);
}
