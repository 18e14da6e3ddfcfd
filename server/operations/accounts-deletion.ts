/**
 * The end of a user, in two steps: at once the name, the addresses and all ways in are gone, and a record keeps what is needed to bring them back; when its time has
 * come the mail is removed, and after it the record. Each step can be repeated after a crash.
 */
import type { UserId } from '../mail/ids.ts';
import { DuplicateRecord, type Stored } from '../store/records.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import type { DeletedUserFields } from '../store/types-accounts.ts';
import type { AccountContext, User } from './accounts-context.ts';
import { Refusal, userNotFound } from './refusal.ts';

export type DeletedUser = Stored<DeletedUserFields>;

export type UserDeletion = {
  /** Without a date the mail goes at once, behind the answer. Refusal UserNotFound. */
  readonly remove: (
    user: string,
    deleteAfter: Date | undefined,
  ) => Promise<{ readonly addresses: number; readonly task: string }>;
  /** Refusal AccountNotFound, AccountFound for a user who is not deleted. */
  readonly expect: (user: string) => Promise<DeletedUser>;
  /** The youngest accounts first: the record has the user's id. */
  readonly list: (request: PageRequest) => Promise<Page<DeletedUser>>;
  /** The addresses that nobody else has taken. */
  readonly recoverable: (deleted: DeletedUser) => Promise<string[]>;
  readonly restore: (
    user: string,
  ) => Promise<{ readonly task: string; readonly addresses: { readonly recovered: number; readonly main: string } }>;
  /** Removes the mail of those whose time has come; answers how many. */
  readonly purge: () => Promise<number>;
};

/** Users whose mail is removed in one round. */
const PURGE_BATCH = 20;

export function createUserDeletion(context: AccountContext): UserDeletion {
  const { tables, mail, log, now } = context;

  const expect = async (id: string): Promise<DeletedUser> => {
    const found = await tables.deletedUsers.get(id);
    if (found !== undefined) return found;
    if ((await tables.users.get(id)) !== undefined) throw new Refusal('AccountFound', 'This user is not deleted');
    throw new Refusal('AccountNotFound', 'This user is not among the deleted ones');
  };

  const purgeOne = async (id: string): Promise<void> => {
    await mail.removeMail(id as UserId);
    for (const table of [tables.appPasswords, tables.autoreplies, tables.authEvents]) await table.delete({ user: id });
    await context.forgetSecondFactors?.(id);
    await tables.deletedUsers.delete({ id });
  };

  const purge = async (): Promise<number> => {
    const due = await tables.deletedUsers.find({ deleteAfter: { to: new Date(now()) } }, { limit: PURGE_BATCH });
    for (const { id } of due) await purgeOne(id);
    return due.length;
  };

  return {
    expect,
    list: (request) => tables.deletedUsers.page({}, { ...request, descending: true }),
    purge,
    remove: async (id, deleteAfter) => {
      const user = await tables.users.get(id);
      if (user === undefined) throw userNotFound();
      const addresses = await tables.addresses.find({ user: id });
      const { created, ...fields } = withoutId(user);
      const record: DeletedUserFields = {
        user: fields,
        userCreated: created,
        addresses,
        deleted: new Date(now()),
        deleteAfter: deleteAfter ?? new Date(now()),
      };
      await tables.deletedUsers.delete({ id });
      await tables.deletedUsers.insert(record, { id });
      await tables.addresses.delete({ user: id });
      await tables.tokens.delete({ user: id });
      await tables.users.delete({ id });
      mail.accessChanged(id as UserId, 'account deleted');
      if (record.deleteAfter.getTime() <= now()) {
        // What fails now is done by the next round.
        purgeOne(id).catch((error: unknown) => log.warn('mail of a deleted user', { error, user: id }));
      }
      return { addresses: addresses.length, task: id };
    },
    recoverable: async (deleted) => {
      const taken = await tables.addresses.find({ key: { in: deleted.addresses.map((one) => one.key) } });
      return deleted.addresses.filter((one) => !taken.some((other) => other.key === one.key)).map((one) => one.address);
    },
    restore: async (id) => {
      const deleted = await expect(id);
      let recovered = 0;
      const back: string[] = [];
      await insertUser(context, deleted);
      for (const { id: addressId, created, ...fields } of deleted.addresses) {
        void created;
        try {
          await tables.addresses.insert(fields, { id: addressId });
          recovered += 1;
          back.push(fields.address);
        } catch (error) {
          // Somebody else has it meanwhile.
          if (!(error instanceof DuplicateRecord)) throw error;
        }
      }
      const main = back.includes(deleted.user.address) ? deleted.user.address : (back.find((one) => !one.includes('*')) ?? '');
      if (main !== deleted.user.address) await tables.users.update({ id }, { set: { address: main } });
      await tables.deletedUsers.delete({ id });
      return { task: id, addresses: { recovered, main } };
    },
  };
}

async function insertUser({ tables }: AccountContext, deleted: DeletedUser): Promise<void> {
  try {
    // Sessions and tokens from before stay void.
    await tables.users.insert({ ...deleted.user, accessVersion: deleted.user.accessVersion + 1 }, { id: deleted.id });
  } catch (error) {
    if (!(error instanceof DuplicateRecord)) throw error;
    // The id: a restore that was cut short. The name: somebody else has it.
    if ((await tables.users.get(deleted.id)) === undefined)
      throw new Refusal('UserExistsError', 'Another user has this username now', { cause: error });
  }
}

function withoutId({ id, ...fields }: User): Omit<User, 'id'> {
  void id;
  return fields;
}
