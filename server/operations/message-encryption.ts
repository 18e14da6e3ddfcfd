/**
 * Encryption of what users store: by the OpenPGP key or certificate that the user has given, for all mailboxes or for some. One question, asked wherever a message is
 * stored: is this mailbox's mail encrypted? Without a key nothing is.
 */
import { Budget } from '../base/budget.ts';
import { Fault, unavailable } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { LruCache } from '../base/lru.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { encryptMessage } from '../mime/encryption/encrypt.ts';
import type { UserFields } from '../store/types-accounts.ts';

/** What of a user decides. */
export type EncryptionChoice = Pick<UserFields, 'pubKey' | 'encryptMessages' | 'encryptMailboxes'>;

export type MessageEncryption = {
  /** Whether what is stored into this mailbox is encrypted; without a mailbox: whether anything of the user's is. */
  readonly wanted: (user: UserId, mailbox?: MailboxId) => Promise<boolean>;
  /** The very same Buffer where nothing is to be done. Faults: UNAVAILABLE when too much is being encrypted, SERVERBUG when it can't be done. */
  readonly encrypt: (user: UserId, mailbox: MailboxId, raw: Buffer) => Promise<Buffer>;
};

const FRESH_MS = 2_000;
/** Of keys that are remembered (characters). */
const KNOWN_CHARS = 8 << 20;
/** A message takes about four times its size while it is encrypted. */
const MAX_IN_WORK_BYTES = 64 << 20;
const WAIT_MS = 30_000;

export function createMessageEncryption(
  read: (user: UserId) => Promise<EncryptionChoice | undefined>,
  log: Logger,
  now: () => number = Date.now,
): MessageEncryption {
  const known = new LruCache<UserId, { choice: EncryptionChoice | undefined; atMs: number }>(
    KNOWN_CHARS,
    ({ choice }) => 200 + (choice?.pubKey.length ?? 0),
  );
  const inWork = new Budget(MAX_IN_WORK_BYTES);

  /** Undefined: nothing is encrypted. */
  const choiceOf = async (user: UserId): Promise<EncryptionChoice | undefined> => {
    const cached = known.get(user);
    if (cached !== undefined && now() - cached.atMs < FRESH_MS) return cached.choice;
    const found = await read(user);
    const choice =
      found === undefined || found.pubKey === '' || (!found.encryptMessages && found.encryptMailboxes.length === 0)
        ? undefined
        : { pubKey: found.pubKey, encryptMessages: found.encryptMessages, encryptMailboxes: found.encryptMailboxes };
    known.set(user, { choice, atMs: now() });
    return choice;
  };

  const keyFor = async (user: UserId, mailbox: MailboxId): Promise<string | undefined> => {
    const choice = await choiceOf(user);
    return choice?.encryptMessages === true || choice?.encryptMailboxes.includes(mailbox) === true ? choice.pubKey : undefined;
  };

  return {
    wanted: async (user, mailbox) =>
      mailbox === undefined ? (await choiceOf(user)) !== undefined : (await keyFor(user, mailbox)) !== undefined,
    encrypt: async (user, mailbox, raw) => {
      const key = await keyFor(user, mailbox);
      if (key === undefined) return raw;
      if (!(await inWork.take(raw.length, WAIT_MS))) throw unavailable('Too many messages are being encrypted at the moment.');
      try {
        return await encryptMessage(raw, key);
      } catch (error) {
        // Stored as it is it would be what the user asked us not to do.
        log.error('a message could not be encrypted', { user, error });
        throw new Fault('server', 'SERVERBUG', 'The message could not be encrypted with the key of this user.', { cause: error });
      } finally {
        inWork.giveBack(raw.length);
      }
    },
  };
}

/** For users who encrypt nothing. */
export const noEncryption: MessageEncryption = {
  wanted: () => Promise.resolve(false),
  encrypt: (_user, _mailbox, raw) => Promise.resolve(raw),
};
