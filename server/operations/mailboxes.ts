/** The users' mailbox trees: create, rename, delete, subscribe. Each change is one atomic write; a crash leaves either the old tree or the new one. */
import { isFault, nonexistent, refused } from '../base/fault.ts';
import type { MailboxId, Uid, UserId } from '../mail/ids.ts';
import {
  INBOX,
  type MailboxPath,
  isInferior,
  leafName,
  parentPath,
  parseMailboxPath,
  splitPath,
  superiorPaths,
} from '../mail/mailbox-path.ts';
import { DEFAULT_MAILBOXES } from '../mail/special-use.ts';
import type { Database } from '../store/connect.ts';
import { addGhost, readGhosts, removeGhost } from '../store/ghost-subscriptions.ts';
import { claimRecent, insertNode, moveNode, readNode, readNodes, updateNode } from '../store/mailbox-nodes.ts';
import type { Beacons } from '../sync/beacons.ts';
import type { MailboxInfo, MailboxOperations, MessageOperations, NewMailbox, Superiors } from './contract.ts';
import type { MailboxRegistry } from './mailbox-registry.ts';
import { buildTree } from './mailbox-tree.ts';
import { wholeMailbox } from './messages.ts';

export type MailboxLimits = { readonly maxMailboxes: number };
export const DEFAULT_MAILBOX_LIMITS: MailboxLimits = { maxMailboxes: 5_000 };

export function createMailboxes(
  database: Database,
  registry: MailboxRegistry,
  messages: MessageOperations,
  beacons: Beacons,
  inboxOf: (user: UserId) => Promise<MailboxId>,
  limits: MailboxLimits,
): MailboxOperations {
  const list = async (user: UserId): Promise<MailboxInfo[]> => buildTree(await readNodes(database, user, { counters: true }));
  const changed = (user: UserId): void => beacons.publish({ kind: 'mailboxes', user });

  const find = async (user: UserId, path: string): Promise<MailboxInfo | undefined> => {
    const parsed = parseMailboxPath(path);
    if (!parsed.ok) return undefined;
    // Names first, counters only of the one that is wanted.
    const tree = buildTree(await readNodes(database, user, { counters: false }));
    const found = tree.find((mailbox) => mailbox.path === parsed.value);
    return found === undefined ? undefined : withCounters(user, found);
  };

  const withCounters = async (user: UserId, mailbox: MailboxInfo): Promise<MailboxInfo | undefined> => {
    const node = await readNode(database, user, mailbox.id);
    if (node === undefined) return undefined;
    return { ...mailbox, counts: node.counts, modseq: node.modseq, uidNext: node.uidNext };
  };

  const require = async (user: UserId, path: string): Promise<MailboxInfo> => {
    const found = await find(user, path);
    if (found === undefined) throw nonexistent('No such mailbox.');
    return found;
  };

  /** Creates the superiors that are missing; answers the parent's id. */
  const createSuperiors = async (
    user: UserId,
    path: MailboxPath,
    tree: readonly MailboxInfo[],
    superiors: Superiors = 'mailboxes',
  ): Promise<MailboxId | null> => {
    let parent: MailboxId | null = null;
    for (const superior of superiorPaths(path)) {
      const known = tree.find((mailbox) => mailbox.path === superior);
      if (known !== undefined) {
        parent = known.id;
        continue;
      }
      try {
        parent = (await insertNode(database, user, { parent, name: leafName(superior), noSelect: superiors === 'names' })).id;
      } catch (error) {
        // Another session created it at the same moment.
        if (!isFault(error, 'ALREADYEXISTS')) throw error;
        parent = (await require(user, superior)).id;
      }
    }
    return parent;
  };

  const create = async (user: UserId, path: string, given: NewMailbox = {}): Promise<MailboxInfo> => {
    const { superiors, ...options } = given;
    const wanted = checkedPath(path);
    const tree = buildTree(await readNodes(database, user, { counters: false }));
    const existing = tree.find((mailbox) => mailbox.path === wanted);
    if (existing?.noSelect === true) {
      await updateNode(database, user, existing.id, { ...options, noSelect: false });
      changed(user);
      return require(user, wanted);
    }
    if (existing !== undefined) throw refused('ALREADYEXISTS', 'A mailbox of that name exists already.');
    if (tree.length >= limits.maxMailboxes) throw refused('LIMIT', `No more than ${limits.maxMailboxes} mailboxes can be made.`);
    const parent = await createSuperiors(user, wanted, tree, superiors);
    const { specialUse, ...rest } = options;
    await insertNode(database, user, { parent, name: leafName(wanted), ...rest, specialUse: specialUse ?? undefined });
    await removeGhost(database, user, wanted);
    changed(user);
    return require(user, wanted);
  };

  const rename: MailboxOperations['rename'] = async (user, from, to, { superiors } = {}) => {
    const source = checkedPath(from);
    const target = checkedPath(to);
    const tree = buildTree(await readNodes(database, user, { counters: false }));
    const mailbox = tree.find((one) => one.path === source);
    if (mailbox === undefined) throw nonexistent('No such mailbox.');
    if (tree.some((one) => one.path === target)) throw refused('ALREADYEXISTS', 'A mailbox of that name exists already.');
    if (isInferior(target, source)) throw refused('CANNOT', 'A mailbox can not be moved below itself.');
    if (source === INBOX) {
      // RFC 9051 §6.3.6: INBOX stays, its messages go; inferiors of INBOX are not affected.
      const made = await create(user, target);
      await registry.use(user, mailbox.id, async (log) => {
        const columns = await log.view();
        if (columns.count > 0) await messages.move(user, mailbox.id, wholeMailbox(), made.id);
      });
      return;
    }
    const parent = parentPath(target);
    await moveNode(
      database,
      user,
      mailbox.id,
      parent === undefined ? null : await createSuperiors(user, target, tree, superiors),
      leafName(target),
    );
    changed(user);
  };

  const remove = async (user: UserId, path: string): Promise<void> => {
    const wanted = checkedPath(path);
    if (wanted === INBOX) throw refused('CANNOT', 'INBOX can not be deleted.');
    const tree = buildTree(await readNodes(database, user, { counters: false }));
    const mailbox = tree.find((one) => one.path === wanted);
    if (mailbox === undefined) throw nonexistent('No such mailbox.');
    const hasInferiors = tree.some((one) => isInferior(one.path as MailboxPath, wanted));
    if (hasInferiors && mailbox.noSelect) throw refused('HASCHILDREN', 'The name has mailboxes below it.');
    if (hasInferiors) {
      // RFC 9051 §6.3.5: the name stays for its inferiors' sake, without a mailbox behind it.
      await updateNode(database, user, mailbox.id, { noSelect: true, specialUse: null });
      await messages.expunge(user, mailbox.id, { onlyDeleted: false });
    } else {
      await registry.use(user, mailbox.id, (_, writer) =>
        writer.submit({ needsView: true, weight: 0, evaluate: (draft) => draft.deleteMailbox() }),
      );
      if (mailbox.subscribed) await addGhost(database, user, wanted);
    }
    changed(user);
  };

  return {
    list,
    inboxOf,
    get: async (user, mailbox) => (await list(user)).find((one) => one.id === mailbox),
    findByPath: find,
    findBySpecialUse: async (user, specialUse) => {
      const tree = buildTree(await readNodes(database, user, { counters: false }));
      const found = tree.find((mailbox) => mailbox.specialUse === specialUse && !mailbox.noSelect);
      return found === undefined ? undefined : withCounters(user, found);
    },
    create,
    createDefaults: async (user, names = {}) => {
      for (const wanted of DEFAULT_MAILBOXES) {
        const name = (wanted.specialUse === undefined ? undefined : names[wanted.specialUse]) ?? wanted.path;
        const path = checkedPath(name);
        try {
          await insertNode(database, user, {
            parent: await createSuperiors(user, path, []),
            name: leafName(path),
            specialUse: wanted.specialUse,
            subscribed: wanted.subscribed,
          });
        } catch (error) {
          if (!isFault(error, 'ALREADYEXISTS')) throw error; // made by an attempt that was cut short
        }
      }
      changed(user);
    },
    removeAll: async (user) => {
      const nodes = await readNodes(database, user, { counters: false });
      for (const node of nodes) {
        if (node.deleted) continue;
        await registry.use(user, node.id, (_, writer) =>
          writer.submit({ needsView: true, weight: 0, evaluate: (draft) => draft.deleteMailbox() }),
        );
      }
      changed(user);
    },
    rename,
    delete: remove,
    update: async (user, mailbox, changes) => {
      await updateNode(database, user, mailbox, changes);
      changed(user);
    },
    subscribedGhosts: (user) => readGhosts(database, user),
    unsubscribeGhost: (user, path) => removeGhost(database, user, path),
    claimRecent: (user, mailbox, through: Uid) => claimRecent(database, user, mailbox, through),
  };
}

function checkedPath(path: string): MailboxPath {
  const parsed = parseMailboxPath(path);
  if (!parsed.ok) throw refused('CANNOT', `Not a possible mailbox name (${parsed.fault}).`);
  if (splitPath(parsed.value).length === 0) throw refused('CANNOT', 'A mailbox needs a name.');
  return parsed.value;
}
