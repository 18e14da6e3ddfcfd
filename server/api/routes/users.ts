/** Users: administration over `operations/accounts-users.ts`. */
import { describeKey } from '../../mime/encryption/encrypt.ts';
import type { AccountDefaults } from '../../operations/accounts-context.ts';
import type { UserChanges, UserView } from '../../operations/accounts-users.ts';
import type { ListedUser, ShownUser } from '../contract/users.ts';
import { users } from '../contract/users.ts';
import { TRAFFIC_KINDS, type TrafficKind } from '../../operations/traffic.ts';
import { narrowedTo } from '../access.ts';
import { type ApiContext, asUser, defined, type Route, route } from '../context.ts';
import { refuse } from '../faults.ts';

/** By what a list can be sorted, and the record's field for it. */
const SORT_FIELDS = { username: 'usernameKey', name: 'name', lastSignIn: 'lastSignInMs', created: 'id' } as const;

export function userRoutes({ operations, store }: ApiContext): Route[] {
  const { accounts } = store;
  const { defaults } = accounts.context;
  const { usage, flow } = store;
  const used = async (user: string): Promise<number> => (await operations.quota(asUser(user))).usedBytes;
  const usedMessages = async (user: string): Promise<number> => (await operations.quota(asUser(user))).usedMessages;

  const usedNow = async (user: string): Promise<Used> => {
    const [storage, messages, recipients, forwards, received, pop3Download, filters] = await Promise.all([
      used(user),
      usedMessages(user),
      usage.used(user, 'recipients', DAY_MS),
      usage.used(user, 'forwards', DAY_MS),
      usage.used(user, 'received', HOUR_MS),
      usage.used(user, 'pop3Download', DAY_MS),
      flow.filters.count({ user }),
    ]);
    const [imapUpload, imapDownload] = await Promise.all(
      TRAFFIC_KINDS.map(async (kind) => (await operations.traffic?.used(asUser(user), kind)) ?? 0),
    );
    return {
      storage,
      messages,
      recipients,
      forwards,
      received,
      pop3Download,
      filters,
      imapUpload: imapUpload ?? 0,
      imapDownload: imapDownload ?? 0,
    };
  };

  return [
    route(users.list, async ({ input, actor }) => {
      const { query, page, metaData, internalData, forward, tags, requiredTags, sort, limit, next, previous } = input;
      const found = await accounts.users.list({
        query,
        forward,
        ...defined({ tags, requiredTags }),
        user: narrowedTo(actor, users.list.access),
        ...(actor.role === 'manager' ? { domains: actor.domains } : {}),
        limit,
        next,
        previous,
        sortBy: SORT_FIELDS[(sort ?? 'username').replace('-', '') as keyof typeof SORT_FIELDS],
        descending: sort?.startsWith('-') === true,
      });
      const results = await Promise.all(
        found.results.map(async (user) => ({
          ...listed(user, defaults, await used(user.id)),
          ...(metaData === true ? { metaData: user.metaData } : {}),
          ...(internalData === true ? { internalData: user.internalData } : {}),
        })),
      );
      return { ...defined({ query }), page, ...found, results };
    }),
    route(users.create, async ({ input }) => {
      const { sess, ip, mailboxes, password, featureFlags, ...fields } = input;
      void [sess, ip];
      const id = await accounts.users.create({
        ...fields,
        ...defined({ password, featureFlags }),
        mailboxes: mailboxes === undefined ? undefined : defined(mailboxes),
      });
      return { id };
    }),
    route(users.get, async ({ input }) => {
      const user = await accounts.users.expect(input.user);
      return { ...shown(user, defaults, await usedNow(user.id)), keyInfo: (await describeKey(user.pubKey)) ?? (false as const) };
    }),
    route(users.update, async ({ input, actor }) => {
      const { user, sess, ip, password, ...changes } = input;
      void [sess, ip];
      const given: UserChanges = { ...changes, ...defined({ password }) };
      await accounts.users.update(user, actor.role === 'user' || actor.user === user ? personal(given) : given);
      if (password !== undefined && actor.user === user && actor.token !== undefined) await accounts.tokens.renew(actor.token);
      return {};
    }),
    route(users.remove, async ({ input }) => {
      const { deleteAfter } = input;
      const date = deleteAfter instanceof Date ? deleteAfter : undefined;
      const removed = await accounts.deletion.remove(input.user, date);
      return {
        code: 'TaskScheduled',
        user: input.user,
        addresses: { deleted: removed.addresses },
        ...(date === undefined ? {} : { deleteAfter: date.toISOString() }),
        task: removed.task,
      };
    }),
    route(users.deleted, async ({ input }) => {
      const { page, limit, next, previous } = input;
      const found = await accounts.deletion.list({ limit, next, previous });
      const results = found.results.map(({ id, user, addresses, deleted, deleteAfter }) => ({
        id,
        username: user.username,
        name: user.name,
        address: addresses.find(({ address }) => !address.includes('*'))?.address ?? '',
        deleted: deleted.toISOString(),
        deleteAfter: deleteAfter.toISOString(),
      }));
      return { page, ...found, results };
    }),
    route(users.restorable, async ({ input }) => {
      const found = await accounts.deletion.expect(input.user);
      return {
        user: input.user,
        username: found.user.username,
        storageUsed: await used(input.user),
        tags: [...found.user.tags],
        deleted: found.created.toISOString(),
        recoverableAddresses: [...(await accounts.deletion.recoverable(found))],
      };
    }),
    route(users.restore, async ({ input }) => {
      const restored = await accounts.deletion.restore(input.user);
      return { code: 'AccountRestored', user: input.user, task: restored.task, addresses: restored.addresses };
    }),
    route(users.resolve, async ({ input }) => {
      const id = await accounts.users.resolve(input.username);
      if (id === undefined) throw refuse('UserNotFound', 'This user does not exist');
      return { id };
    }),
    route(users.logout, async ({ input }) => {
      await accounts.users.logout(input.user, input.reason ?? 'Logged out by the administrator');
      return {};
    }),
    route(users.resetPassword, async ({ input }) => {
      const validAfter = input.validAfter instanceof Date ? input.validAfter : undefined;
      const password = await accounts.users.resetPassword(input.user, validAfter);
      return { password, ...(validAfter === undefined ? {} : { validAfter: validAfter.toISOString() }) };
    }),
    route(users.resetQuota, async ({ input }) => {
      await accounts.users.expect(input.user);
      // The counters are the sum that quota is: there is nothing to correct, only to read.
      const storageUsed = await used(input.user);
      return { storageUsed, previousStorageUsed: storageUsed };
    }),
    route(users.resetAllQuotas, () => ({ task: '0'.repeat(24) })),
  ];
}

/** What people may change of their own: never their limits, tags or state. */
function personal(changes: UserChanges): UserChanges {
  const { existingPassword, password, allowUnsafe, language, name, targets, spamLevel, uploadSentMessages } = changes;
  const { fromWhitelist, metaData, pubKey, encryptMessages, encryptForwarded } = changes;
  return {
    ...defined({ password, allowUnsafe }),
    existingPassword,
    language,
    name,
    targets,
    spamLevel,
    uploadSentMessages,
    fromWhitelist,
    metaData,
    pubKey,
    encryptMessages,
    encryptForwarded,
  };
}

function listed(user: UserView, defaults: AccountDefaults, usedBytes: number): ListedUser {
  return {
    id: user.id,
    username: user.username,
    name: user.name,
    address: user.address,
    tags: [...user.tags],
    targets: user.targets.map((target) => target.value),
    enabled2fa: [...user.enabled2fa],
    autoreply: user.autoreply,
    encryptMessages: user.encryptMessages,
    encryptForwarded: user.encryptForwarded,
    quota: { allowed: user.quota > 0 ? user.quota : defaults.quotaBytes, used: usedBytes },
    hasPasswordSet: user.hasPasswordSet,
    lastSignIn: user.lastSignInMs === undefined ? null : new Date(user.lastSignInMs).toISOString(),
    activated: true,
    disabled: user.disabled,
    suspended: user.suspended,
  };
}

/** What counts against the limits now: octets, and numbers within the running day or hour. */
type Used = {
  readonly [what in
    | TrafficKind
    | 'storage'
    | 'messages'
    | 'recipients'
    | 'forwards'
    | 'received'
    | 'pop3Download'
    | 'filters']: number;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function shown(user: UserView, defaults: AccountDefaults, used: Used): Omit<ShownUser, 'success' | 'keyInfo'> {
  const { quota, ...basics } = listed(user, defaults, used.storage);
  const allowed = (own: number, fallback: number): number => (own > 0 ? own : fallback);
  /** `ttl`: seconds until the counter begins anew. Spans are aligned to the clock. */
  const counted = (own: number, fallback: number, count = 0, spanMs = DAY_MS) => ({
    allowed: allowed(own, fallback),
    used: count,
    ttl: count > 0 ? Math.ceil((spanMs - (Date.now() % spanMs)) / 1_000) : (false as const),
  });
  return {
    ...basics,
    language: user.language,
    retention: user.retention > 0 ? user.retention : false,
    pubKey: user.pubKey,
    metaData: user.metaData,
    internalData: user.internalData,
    spamLevel: user.spamLevel,
    featureFlags: { ...user.featureFlags },
    fromWhitelist: [...user.fromWhitelist],
    uploadSentMessages: user.uploadSentMessages,
    requirePasswordChange: user.requirePasswordChange,
    disabledScopes: [...user.disabledScopes],
    limits: {
      quota,
      quotaMessages: { allowed: user.quotaMessages ?? 0, used: used.messages },
      recipients: counted(user.recipients, defaults.recipients, used.recipients),
      filters: { allowed: allowed(user.filters, defaults.filters), used: used.filters },
      forwards: counted(user.forwards, defaults.forwards, used.forwards),
      received: counted(user.receivedMax, defaults.receivedMax, used.received, HOUR_MS),
      imapUpload: counted(user.imapMaxUpload, defaults.imapMaxUpload, used.imapUpload),
      imapDownload: counted(user.imapMaxDownload, defaults.imapMaxDownload, used.imapDownload),
      pop3Download: counted(user.pop3MaxDownload, defaults.pop3MaxDownload, used.pop3Download),
      pop3MaxMessages: { allowed: allowed(user.pop3MaxMessages, defaults.pop3MaxMessages) },
      imapMaxConnections: { allowed: allowed(user.imapMaxConnections, defaults.imapMaxConnections), used: 0 },
    },
  };
}
