/** Shared mailboxes (RFC 4314) and annotations (RFC 5464) over the store. */
import { refused } from '../base/fault.ts';
import { EVERYBODY, type MailboxId, type UserId } from '../mail/ids.ts';
import { ALL_RIGHTS, changeRights, joinRights } from '../mail/rights.ts';
import { type AclEntry, type AclIdentifier, readAcl, readAllShared, readSharedWith, writeAcl } from '../store/acls.ts';
import { readAnnotations, writeAnnotation } from '../store/annotations.ts';
import type { Database } from '../store/connect.ts';
import { readNodes } from '../store/mailbox-nodes.ts';
import type { Beacons } from '../sync/beacons.ts';
import type { AclOperations, MailboxInfo, MetadataOperations } from './contract.ts';
import { buildTree } from './mailbox-tree.ts';

/** Identifiers in one access control list. */
const MAX_ACL_ENTRIES = 200;
/** Annotations in one place, and octets of one value. */
const MAX_ANNOTATIONS = 200;
const MAX_ANNOTATION_BYTES = 64 * 1024;
const MAX_ENTRY_NAME = 255;

export function createAcls(database: Database, beacons: Beacons): AclOperations {
  const rightsOf: AclOperations['rightsOf'] = async (user, owner, mailbox) => {
    if (user === owner) return ALL_RIGHTS;
    return rightsIn(await readAcl(database, owner, mailbox), user);
  };
  return {
    list: (owner, mailbox) => readAcl(database, owner, mailbox),
    set: async (owner, mailbox, identifier, operation, rights) => {
      if (identifier === owner) throw refused('CANNOT', 'The owner always has all rights.');
      const present = await readAcl(database, owner, mailbox);
      if (present.length >= MAX_ACL_ENTRIES && !present.some((entry) => entry.identifier === identifier))
        throw refused('LIMIT', `No more than ${MAX_ACL_ENTRIES} identifiers can be named.`);
      await writeAcl(database, owner, mailbox, identifier, (current) => changeRights(current, operation, rights));
      beacons.publish({ kind: 'mailboxes', user: owner });
      beacons.publish({ kind: 'mailboxes', user: identifier === 'anyone' ? EVERYBODY : identifier });
    },
    rightsOf,
    all: async (limit) => {
      const infoOf = treeReader(database);
      const found: { mailbox: MailboxInfo; entries: readonly AclEntry[] }[] = [];
      for (const { owner, mailbox, acl } of await readAllShared(database, limit)) {
        const info = await infoOf(owner, mailbox);
        if (info !== undefined) found.push({ mailbox: info, entries: acl });
      }
      return found;
    },
    sharedWith: async (user) => {
      const infoOf = treeReader(database);
      const found: { mailbox: MailboxInfo; rights: string }[] = [];
      for (const { owner, mailbox, acl } of await readSharedWith(database, user)) {
        const rights = rightsIn(acl, user);
        const info = rights === '' ? undefined : await infoOf(owner, mailbox);
        if (info !== undefined) found.push({ mailbox: info, rights });
      }
      return found;
    },
  };
}

/** Mailboxes with their paths; each owner's tree is read once. */
function treeReader(database: Database): (owner: UserId, mailbox: MailboxId) => Promise<MailboxInfo | undefined> {
  const trees = new Map<UserId, readonly MailboxInfo[]>();
  return async (owner, mailbox) => {
    let tree = trees.get(owner);
    if (tree === undefined) {
      tree = buildTree(await readNodes(database, owner, { counters: true }));
      trees.set(owner, tree);
    }
    return tree.find((one) => one.id === mailbox);
  };
}

/** What the list gives a user: what it gives by name and what it gives anyone. */
function rightsIn(acl: readonly AclEntry[], user: AclIdentifier): string {
  return acl
    .filter((entry) => entry.identifier === user || entry.identifier === 'anyone')
    .reduce((rights, entry) => joinRights(rights, entry.rights), '');
}

export function createMetadata(database: Database, beacons: Beacons): MetadataOperations {
  return {
    get: async (reader, owner, mailbox) => readAnnotations(database, owner, mailbox, reader),
    set: async (writer, owner, mailbox, entries) => {
      const present = await readAnnotations(database, owner, mailbox, writer);
      let count = present.length;
      for (const { entry, value } of entries) {
        const name = entry.toLowerCase();
        if (
          !/^\/(private|shared)\/[^*%]+$/.test(name) ||
          name.endsWith('/') ||
          name.includes('//') ||
          name.length > MAX_ENTRY_NAME
        )
          throw refused('CANNOT', 'Not a possible name of an annotation.');
        if (value !== undefined && value.length > MAX_ANNOTATION_BYTES)
          throw refused('TOOBIG', `An annotation can hold ${MAX_ANNOTATION_BYTES} octets.`);
        if (value !== undefined && !present.some((one) => one.entry === name)) count += 1;
      }
      if (count > MAX_ANNOTATIONS) throw refused('LIMIT', `No more than ${MAX_ANNOTATIONS} annotations can be kept there.`);
      for (const { entry, value } of entries) {
        const name = entry.toLowerCase();
        await writeAnnotation(database, owner, mailbox, name.startsWith('/private/') ? writer : undefined, name, value);
      }
      const names = entries.map(({ entry }) => entry.toLowerCase());
      const [own, shared] = [
        names.filter((name) => name.startsWith('/private/')),
        names.filter((name) => name.startsWith('/shared/')),
      ];
      if (own.length > 0) beacons.publish({ kind: 'metadata', user: owner, mailbox, reader: writer, entries: own });
      if (shared.length > 0) beacons.publish({ kind: 'metadata', user: owner, mailbox, entries: shared });
    },
  };
}
