/**
 * The mail store put together: mailboxes, contents, messages, views and quota over one database and one source of beacons. Accounts are another room
 * (`accounts.ts`); `create.ts` joins both for a worker.
 */
import type { Logger } from '../base/log.ts';
import { LruCache } from '../base/lru.ts';
import { nonexistent } from '../base/fault.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { createMongoBlobStore } from '../store/blobs.ts';
import type { Database } from '../store/connect.ts';
import { readNodes } from '../store/mailbox-nodes.ts';
import type { Beacons } from '../sync/beacons.ts';
import { type ContentLimits, DEFAULT_CONTENT_LIMITS, createContentService } from './contents.ts';
import type { Operations } from './contract.ts';
import type { QuotaLimits } from './contract-accounts.ts';
import { type Housekeeping, createHousekeeping } from './housekeeping.ts';
import { DEFAULT_REGISTRY_LIMITS, MailboxRegistry, type RegistryLimits } from './mailbox-registry.ts';
import { DEFAULT_MAILBOX_LIMITS, type MailboxLimits, createMailboxes } from './mailboxes.ts';
import type { MessageEncryption } from './message-encryption.ts';
import { Materializer } from './materializer.ts';
import { type MessageService, createMessages } from './messages.ts';
import { QuotaKeeper } from './quota.ts';
import { createReads } from './reads.ts';
import { createAcls, createMetadata } from './sharing.ts';
import { SearchTexts } from './search-texts.ts';
import { createViews } from './views.ts';

export type CoreOptions = {
  readonly database: Database;
  readonly beacons: Beacons;
  readonly log: Logger;
  /** Octets a user may store; 0 = unlimited. */
  readonly quotaLimits: (user: UserId) => Promise<QuotaLimits>;
  /** Default: nothing is encrypted. */
  readonly encryption?: MessageEncryption;
  readonly contents?: Partial<ContentLimits>;
  readonly registry?: Partial<RegistryLimits>;
  readonly mailboxes?: MailboxLimits;
  /** Memory for the texts of mailboxes that are searched (characters). */
  readonly searchTextChars?: number;
};

const DEFAULT_SEARCH_TEXT_CHARS = 48 << 20;

export type Core = {
  readonly operations: Omit<Operations, 'accounts'>;
  readonly materializer: Materializer;
  readonly housekeeping: Housekeeping;
  /** Stops following mailboxes; what is committed gets applied first. */
  readonly close: () => Promise<void>;
};

export function createCore(options: CoreOptions): Core {
  const { database, beacons, log } = options;
  const blobs = createMongoBlobStore(database);
  const contents = createContentService(database, blobs, { ...DEFAULT_CONTENT_LIMITS, ...options.contents }, options.encryption);
  const quota = new QuotaKeeper(database, options.quotaLimits);

  // Applying an entry may mean finishing a move, which is an operation on another mailbox: the two need each other.
  let service: MessageService | undefined;
  const materializer = new Materializer({
    database,
    log,
    apply: { forms: contents.forms, onLost: (entry, uids) => service?.removeLost(entry, uids) },
    finishMoves: async (entry) => service?.finishMoves(entry),
    alone: beacons.alone,
  });
  const registry = new MailboxRegistry(
    database,
    beacons,
    materializer,
    log,
    { ...DEFAULT_REGISTRY_LIMITS, ...options.registry },
    (entry) => quota.committed(entry),
  );

  const inboxes = new LruCache<UserId, MailboxId>(10_000);
  const inboxOf = async (user: UserId): Promise<MailboxId> => {
    const known = inboxes.get(user);
    if (known !== undefined) return known;
    // INBOX can be neither deleted nor renamed, so its id never changes.
    const nodes = await readNodes(database, user, { counters: false });
    const inbox = nodes.find((node) => node.parent === null && node.name === 'INBOX');
    if (inbox === undefined) throw nonexistent('The user has no INBOX.');
    inboxes.set(user, inbox.id);
    return inbox.id;
  };

  service = createMessages({
    database,
    registry,
    materializer,
    log,
    confirm: contents.operations.confirm,
    quota: (user) => quota.state(user),
    inboxOf,
  });
  const messages = service.operations;
  return {
    operations: {
      mailboxes: createMailboxes(database, registry, messages, beacons, inboxOf, options.mailboxes ?? DEFAULT_MAILBOX_LIMITS),
      contents: contents.operations,
      reads: createReads(database, registry, materializer, new SearchTexts(options.searchTextChars ?? DEFAULT_SEARCH_TEXT_CHARS)),
      messages,
      views: createViews(database, registry, beacons),
      events: { subscribe: (user, listener) => beacons.subscribe(user, listener) },
      quota: (user) => quota.state(user, { exact: true }),
      acls: createAcls(database, beacons),
      metadata: createMetadata(database, beacons),
    },
    materializer,
    housekeeping: createHousekeeping(database, blobs, materializer),
    close: async () => {
      registry.close();
      await materializer.drain();
    },
  };
}
