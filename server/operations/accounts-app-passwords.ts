/** Application passwords: for one mail program each, shown once, limited in scope and time, revocable with its sessions. */
import { randomInt } from 'node:crypto';
import type { UserId } from '../mail/ids.ts';
import { DuplicateRecord, type Stored } from '../store/records.ts';
import type { AppPasswordFields } from '../store/types-accounts.ts';
import type { AccountContext } from './accounts-context.ts';
import { appPasswordHash } from './accounts-sign-in.ts';
import { findAddress } from './accounts-lookup.ts';
import type { AuthLog } from './auth-log.ts';
import { InvalidInput, Refusal, addressNotFound, userNotFound } from './refusal.ts';

/** Without the hash. */
export type AppPassword = Omit<Stored<AppPasswordFields>, 'hash'>;

export type NewAppPassword = {
  readonly description: string;
  /** Any of imap, pop3, smtp; `*` or none = all. */
  readonly scopes?: readonly string[] | undefined;
  /** 16 letters; made here by default. */
  readonly password?: string | undefined;
  /** For a profile: one of the user's addresses; default the main one. */
  readonly address?: string | undefined;
  /** 0 or undefined = for ever. */
  readonly ttlMs?: number | undefined;
  readonly networks?: readonly string[] | undefined;
};

export type MadeAppPassword = {
  readonly id: string;
  /** The only time that it is told. */
  readonly password: string;
  readonly name: string;
  readonly address: string;
  readonly username: string;
};

export type AppPasswordAdministration = {
  /** Newest last. Refusal UserNotFound. */
  readonly list: (user: string) => Promise<AppPassword[]>;
  readonly get: (user: string, id: string) => Promise<AppPassword>;
  /** Refusals UserNotFound, AddressNotFound, TooMany. */
  readonly create: (
    user: string,
    password: NewAppPassword,
    from: { readonly ip: string; readonly session: string },
  ) => Promise<MadeAppPassword>;
  /** Ends the sessions that were opened with it, on every worker. Refusal AspNotFound. */
  readonly revoke: (user: string, id: string, from: { readonly ip: string; readonly session: string }) => Promise<void>;
};

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

export function createAppPasswordAdministration(context: AccountContext, authLog: AuthLog): AppPasswordAdministration {
  const { users, appPasswords, addresses } = context.tables;
  const expectUser = async (id: string) => {
    const user = await users.get(id);
    if (user === undefined) throw userNotFound();
    return user;
  };
  const notFound = (): Refusal => new Refusal('AspNotFound', 'Invalid or unknown application password');

  return {
    list: async (user) => {
      await expectUser(user);
      return (await appPasswords.find({ user }, { sort: { id: 1 } })).map(withoutHash);
    },
    get: async (user, id) => {
      const found = await appPasswords.findOne({ id, user });
      if (found === undefined) throw notFound();
      return withoutHash(found);
    },
    create: async (id, input, from) => {
      const user = await expectUser(id);
      const most = context.defaults.appPasswords;
      if ((await appPasswords.count({ user: id })) >= most)
        throw new Refusal('TooMany', `No more than ${most} application passwords can be made`);
      const address = input.address === undefined ? undefined : await findAddress(context, input.address, false);
      if (input.address !== undefined && address?.user !== id) throw addressNotFound();
      const password = input.password ?? Array.from({ length: 16 }, () => LETTERS[randomInt(LETTERS.length)]!).join('');
      const hash = appPasswordHash(password);
      if (hash === undefined) throw new InvalidInput('password', 'must be 16 letters from a to z');
      const scopes = input.scopes === undefined || input.scopes.length === 0 || input.scopes.includes('*') ? ['*'] : input.scopes;
      const made = await insert({
        user: id,
        description: input.description,
        hash,
        scopes,
        ...(input.ttlMs === undefined || input.ttlMs <= 0 ? {} : { expires: new Date(context.now() + input.ttlMs) }),
        ...(input.networks === undefined ? {} : { networks: input.networks }),
      });
      const shown = address?.address ?? user.address;
      const main = await addresses.findOne({ user: id, address: shown });
      authLog.record({
        user: id,
        action: 'create asp',
        result: 'success',
        ip: from.ip,
        session: from.session,
        appPassword: { id: made.id, description: input.description },
      });
      return {
        id: made.id,
        password,
        name: main?.name !== undefined && main.name !== '' ? main.name : user.name,
        address: shown,
        username: user.username,
      };
    },
    revoke: async (user, id, from) => {
      const gone = await appPasswords.take({ id, user });
      if (gone === undefined) throw notFound();
      context.mail.accessChanged(user as UserId, 'application password revoked', { appPassword: id });
      authLog.record({
        user,
        action: 'delete asp',
        result: 'success',
        ip: from.ip,
        session: from.session,
        appPassword: { id, description: gone.description },
      });
    },
  };

  async function insert(fields: AppPasswordFields): Promise<Stored<AppPasswordFields>> {
    try {
      return await appPasswords.insert(fields);
    } catch (error) {
      if (error instanceof DuplicateRecord) throw new InvalidInput('password', 'is in use already');
      throw error;
    }
  }
}

function withoutHash({ hash, ...shown }: Stored<AppPasswordFields>): AppPassword {
  void hash;
  return shown;
}
