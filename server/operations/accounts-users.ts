/**
 * Users: made, read, changed, closed, deleted and brought back. Making one writes the user first, then mailboxes, then the address; a failure on the way takes back
 * what was made, and what a crash leaves is a user without address that can simply be deleted.
 */
import { randomInt } from 'node:crypto';
import { domainToUnicode } from 'node:url';
import { isKnownHash } from '../auth/password.ts';
import { weaknessOf } from '../auth/common-passwords.ts';
import type { UserId } from '../mail/ids.ts';
import { type Changes, DuplicateRecord, type Stored, type Where } from '../store/records.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import type { AddressFields, UserFields } from '../store/types-accounts.ts';
import type { AccountContext, MailboxNames, User } from './accounts-context.ts';
import { addressKey, shownAddress, usernameKey } from './account-names.ts';
import { passwordFields } from './accounts-sign-in.ts';
import { problemOfKey } from '../mime/encryption/encrypt.ts';
import { InvalidInput, Refusal, userNotFound } from './refusal.ts';
import { forwardTargets } from './forward-targets.ts';

/** A user without credentials. */
export type UserView = Omit<User, 'password' | 'scram' | 'temporaryPassword' | 'usernameKey' | 'tagKeys'> & {
  readonly hasPasswordSet: boolean;
};

type Settable = Omit<
  UserFields,
  | 'username'
  | 'usernameKey'
  | 'address'
  | 'password'
  | 'scram'
  | 'temporaryPassword'
  | 'accessVersion'
  | 'tagKeys'
  | 'targets'
  | 'enabled2fa'
  | 'autoreply'
>;

export type PasswordChange = {
  /** Empty or false: no password opens the account. */
  readonly password?: string | false;
  readonly hashedPassword?: boolean;
  /** False: a password that everybody tries first is refused. */
  readonly allowUnsafe?: boolean;
};

export type NewUser = { readonly [K in keyof Settable]?: Settable[K] | undefined } & PasswordChange & {
    readonly username: string;
    readonly address?: string | undefined;
    readonly emptyAddress?: boolean | undefined;
    readonly targets?: readonly string[] | undefined;
    readonly addTagsToAddress?: boolean | undefined;
    readonly mailboxes?: MailboxNames | undefined;
  };

export type UserChanges = { readonly [K in keyof Settable]?: Settable[K] | undefined } & PasswordChange & {
    readonly existingPassword?: string | undefined;
    readonly targets?: readonly string[] | undefined;
    readonly disable2fa?: boolean | undefined;
  };

export type UserQuery = PageRequest & {
  readonly query?: string | undefined;
  readonly forward?: string | undefined;
  /** Any of these. */
  readonly tags?: readonly string[];
  /** All of these. */
  readonly requiredTags?: readonly string[];
  /** Only this one. */
  readonly user?: string | undefined;
  /** Only those of these domains (ASCII form). */
  readonly domains?: readonly string[];
};

export type UserAdministration = {
  /** Refusals: UserExistsError, AddressExistsError, InsecurePasswordError, InputValidationError. */
  readonly create: (user: NewUser) => Promise<UserId>;
  readonly get: (user: string) => Promise<UserView | undefined>;
  /** Refusal: UserNotFound. */
  readonly expect: (user: string) => Promise<UserView>;
  readonly resolve: (username: string) => Promise<UserId | undefined>;
  readonly list: (query: UserQuery) => Promise<Page<UserView>>;
  readonly update: (user: string, changes: UserChanges) => Promise<void>;
  /** Ends sessions and tokens. */
  readonly logout: (user: string, reason: string) => Promise<void>;
  /** A temporary password, valid from `validAfter`, good for setting a new one. */
  readonly resetPassword: (user: string, validAfter: Date | undefined) => Promise<string>;
  /** Whether new messages of this mailbox are encrypted. */
  readonly encryptMailbox: (user: string, mailbox: string, on: boolean) => Promise<void>;
};

export function createUserAdministration(context: AccountContext): UserAdministration {
  const { tables, mail } = context;

  const expect = async (id: string): Promise<User> => {
    const user = await tables.users.get(id);
    if (user === undefined) throw userNotFound();
    return user;
  };

  return {
    create: (user) => createUser(context, user),
    get: async (id) => {
      const user = await tables.users.get(id);
      return user === undefined ? undefined : viewOf(user);
    },
    expect: async (id) => viewOf(await expect(id)),
    resolve: async (username) => {
      const key = usernameKey(username);
      const user = key === undefined ? undefined : await tables.users.findOne({ usernameKey: key });
      return user?.id as UserId | undefined;
    },
    list: async (query) => {
      const page = await tables.users.page(whereOf(query), query);
      return { ...page, results: page.results.map(viewOf) };
    },
    update: async (id, changes) => updateUser(context, await expect(id), changes),
    logout: async (id, reason) => {
      await expect(id);
      await tables.users.update({ id }, { increment: { accessVersion: 1 } });
      mail.accessChanged(id as UserId, reason);
    },
    resetPassword: async (id, validAfter) => {
      await expect(id);
      const password = randomPassword(12);
      const hash = await context.passwords.hash(password);
      await tables.users.update({ id }, { set: { temporaryPassword: { hash, validAfter: validAfter ?? null } } });
      return password;
    },
    encryptMailbox: async (id, mailbox, on) => {
      const change = { encryptMailboxes: mailbox };
      await tables.users.update({ id }, on ? { add: change } : { remove: change });
    },
  };
}

async function createUser(context: AccountContext, input: NewUser): Promise<UserId> {
  const { tables, mail, defaults } = context;
  const key = usernameKey(input.username);
  if (key === undefined) throw new InvalidInput('username', 'This can not be a username');
  const address = addressOf(input, defaults.emailDomain);
  await checkPublicKey(input.pubKey);
  // Asked first so that the refusal is told before any work; the unique keys decide.
  if ((await tables.users.findOne({ usernameKey: key })) !== undefined)
    throw new Refusal('UserExistsError', 'This username already exists');
  if (address !== undefined && (await tables.addresses.findOne({ key: address.key })) !== undefined)
    throw new Refusal('AddressExistsError', 'This email address already exists');
  const fields: UserFields = {
    ...newUserFields(input, key, address?.shown ?? ''),
    ...(await credentials(context, input, [input.username])),
  };
  const user = await insertUser(context, fields);
  const id = user.id as UserId;
  try {
    await mail.createMailboxes(id, input.mailboxes ?? {});
    if (address !== undefined) {
      const tags = input.addTagsToAddress === true ? fields.tags : [];
      await insertAddress(context, {
        address: address.shown,
        key: address.key,
        name: fields.name,
        user: id,
        tags,
        tagKeys: tags.map(lower),
      });
    }
  } catch (error) {
    await tables.users.delete({ id });
    await mail.removeMail(id);
    throw error;
  }
  return id;
}

async function insertUser(context: AccountContext, fields: UserFields): Promise<User> {
  try {
    return await context.tables.users.insert(fields);
  } catch (error) {
    if (error instanceof DuplicateRecord) throw new Refusal('UserExistsError', 'This username already exists', { cause: error });
    throw error;
  }
}

async function insertAddress(context: AccountContext, fields: AddressFields): Promise<Stored<AddressFields>> {
  try {
    return await context.tables.addresses.insert(fields);
  } catch (error) {
    if (error instanceof DuplicateRecord)
      throw new Refusal('AddressExistsError', 'This email address already exists', { cause: error });
    throw error;
  }
}

function addressOf(input: NewUser, emailDomain: string): { shown: string; key: string } | undefined {
  if (input.emptyAddress === true && (input.address === undefined || input.address === '')) return undefined;
  const given = input.address !== undefined && input.address !== '' ? input.address : undefined;
  const text = given ?? (input.username.includes('@') ? input.username : `${input.username}@${emailDomain}`);
  const shown = shownAddress(text);
  const key = addressKey(text);
  if (shown === undefined || key === undefined)
    throw new InvalidInput(given === undefined ? 'username' : 'address', 'This can not be an email address');
  return { shown, key };
}

function newUserFields(input: NewUser, key: string, address: string): UserFields {
  const limit = (value: number | undefined): number => value ?? 0;
  const tags = distinct(input.tags ?? []);
  return {
    username: input.username.normalize('NFC'),
    usernameKey: key,
    name: input.name ?? '',
    address,
    password: '',
    requirePasswordChange: input.requirePasswordChange ?? false,
    accessVersion: 1,
    language: input.language ?? null,
    retention: input.retention ?? 0,
    targets: forwardTargets(input.targets ?? []),
    spamLevel: input.spamLevel ?? 50,
    quota: limit(input.quota),
    quotaMessages: limit(input.quotaMessages),
    recipients: limit(input.recipients),
    forwards: limit(input.forwards),
    filters: limit(input.filters),
    imapMaxUpload: limit(input.imapMaxUpload),
    imapMaxDownload: limit(input.imapMaxDownload),
    pop3MaxDownload: limit(input.pop3MaxDownload),
    pop3MaxMessages: limit(input.pop3MaxMessages),
    imapMaxConnections: limit(input.imapMaxConnections),
    receivedMax: limit(input.receivedMax),
    tags,
    tagKeys: tags.map(lower),
    fromWhitelist: distinct(input.fromWhitelist ?? []),
    uploadSentMessages: input.uploadSentMessages ?? false,
    disabledScopes: distinct(input.disabledScopes ?? []),
    metaData: input.metaData ?? {},
    internalData: input.internalData ?? {},
    pubKey: input.pubKey ?? '',
    encryptMessages: input.encryptMessages ?? false,
    encryptForwarded: input.encryptForwarded ?? false,
    encryptMailboxes: [],
    featureFlags: input.featureFlags ?? {},
    enabled2fa: [],
    autoreply: false,
    disabled: input.disabled ?? false,
    suspended: input.suspended ?? false,
  };
}

/** The stored form of a new password: hashed here, or taken as the hash that it is. */
async function credentials(
  context: AccountContext,
  change: PasswordChange,
  names: readonly string[],
): Promise<Pick<UserFields, 'password' | 'scram'>> {
  const { password, hashedPassword, allowUnsafe } = change;
  if (password === undefined || password === false || password === '') return { password: '' };
  if (hashedPassword === true) {
    if (!isKnownHash(password)) throw new InvalidInput('password', 'This is not a password hash of a known form');
    return { password };
  }
  if (allowUnsafe === false && weaknessOf(password, names) !== undefined)
    throw new Refusal('InsecurePasswordError', 'The provided password is among the first that are tried. Choose another one.');
  return passwordFields(context, password);
}

async function updateUser(context: AccountContext, user: User, changes: UserChanges): Promise<void> {
  const { password, hashedPassword, allowUnsafe, existingPassword, targets, disable2fa, tags, ...settings } = changes;
  const set: { -readonly [K in keyof UserFields]?: UserFields[K] | undefined } = { ...settings };
  const unset: (keyof UserFields)[] = [];
  if (targets !== undefined) set.targets = forwardTargets(targets);
  if (tags !== undefined) Object.assign(set, { tags: distinct(tags), tagKeys: distinct(tags).map(lower) });
  if (settings.fromWhitelist !== undefined) set.fromWhitelist = distinct(settings.fromWhitelist);
  if (disable2fa === true) set.enabled2fa = [];
  await checkPublicKey(settings.pubKey);
  if (existingPassword !== undefined && !(await knowsPassword(context, user, existingPassword)))
    throw new Refusal('AuthFailed', 'The existing password is wrong');
  if (password !== undefined) {
    const change: PasswordChange = { password, hashedPassword: hashedPassword === true, allowUnsafe: allowUnsafe !== false };
    const fresh = await credentials(context, change, [user.username, user.address]);
    Object.assign(set, fresh, { requirePasswordChange: false });
    if (fresh.scram === undefined) unset.push('scram');
    unset.push('temporaryPassword');
  }
  const given = Object.values(set).filter((value) => value !== undefined).length;
  if (given === 0) throw new Refusal('NoUpdates', 'Nothing was updated');
  const closes = accessEnding(set, user);
  // Tokens end with the access as a whole; a protocol that is closed is none of theirs.
  const increment = closes === undefined || closes.scopes !== undefined ? {} : { increment: { accessVersion: 1 } };
  const change: Changes<UserFields> = { set: set as Changes<UserFields>['set'] & object, unset, ...increment };
  const updated = await context.tables.users.update({ id: user.id }, change);
  if (updated === undefined) throw userNotFound();
  if (disable2fa === true) await context.forgetSecondFactors?.(user.id);
  if (closes !== undefined)
    context.mail.accessChanged(
      user.id as UserId,
      closes.reason,
      closes.scopes === undefined ? undefined : { scopes: closes.scopes },
    );
}

type Ending = { readonly reason: string; readonly scopes?: readonly string[] };

/** Why live sessions must end, if they must: with their tokens, or, when a protocol is closed, those of that protocol. */
function accessEnding(
  set: Partial<UserFields> | { password?: string | undefined; disabled?: boolean | undefined },
  user: User,
): Ending | undefined {
  const next = set as Partial<UserFields>;
  if (next.password !== undefined) return { reason: 'password changed' };
  if (next.disabled === true && !user.disabled) return { reason: 'account disabled' };
  if (next.suspended === true && !user.suspended) return { reason: 'account suspended' };
  const scopes = next.disabledScopes?.filter((scope) => !user.disabledScopes.includes(scope)) ?? [];
  return scopes.length === 0 ? undefined : { reason: 'scope disabled', scopes };
}

async function knowsPassword(context: AccountContext, user: User, password: string): Promise<boolean> {
  if (user.password !== '' && (await context.passwords.verify(password, user.password)).ok) return true;
  const temporary = user.temporaryPassword;
  return temporary !== undefined && (await context.passwords.verify(password, temporary.hash)).ok;
}

function whereOf(query: UserQuery): Where {
  const { domains } = query;
  const text = whereText(query);
  const where = query.user === undefined ? text : { and: [{ id: query.user }, text] };
  if (domains === undefined) return where;
  const ends = domains.map((domain) => ({ address: { endsWith: `@${domainToUnicode(domain)}` } }));
  return { and: [where, { or: ends }] };
}

function whereText(query: UserQuery): Where {
  const { query: text, forward, tags = [], requiredTags = [] } = query;
  const plain = text?.replaceAll('.', '') ?? '';
  return {
    ...(text === undefined
      ? {}
      : {
          or: [
            { username: { contains: text } },
            { usernameKey: { contains: plain } },
            { address: { contains: text } },
            { name: { contains: text } },
          ],
        }),
    ...(forward === undefined ? {} : { 'targets.value': { contains: forward } }),
    ...(requiredTags.length > 0
      ? { tagKeys: { all: requiredTags.map(lower) } }
      : tags.length > 0
        ? { tagKeys: { in: tags.map(lower) } }
        : {}),
  };
}

export function viewOf(user: User): UserView {
  const { password, scram, temporaryPassword, usernameKey: key, tagKeys, ...view } = user;
  void [scram, key, tagKeys];
  return { ...view, hasPasswordSet: password !== '' || temporaryPassword !== undefined };
}

/** Letters and digits that nobody confuses. */
export function randomPassword(length: number): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]!).join('');
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function lower(text: string): string {
  return text.toLowerCase();
}

/** What can't encrypt must not be found out when mail comes. */
async function checkPublicKey(key: string | undefined): Promise<void> {
  const problem = key === undefined || key === '' ? undefined : await problemOfKey(key);
  if (problem !== undefined) throw new InvalidInput('pubKey', problem);
}
