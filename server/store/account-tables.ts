/** The administrative collections. Who may see what is decided above; here is only where it lies. */
import type { Database } from './connect.ts';
import { type Records, createRecords } from './records.ts';
import type {
  AddressFields,
  AppPasswordFields,
  AuthEventFields,
  DeletedUserFields,
  DomainAliasFields,
  SecondFactorFields,
  TokenFields,
  UserAutoreplyFields,
  UserFields,
  WebAuthnChallengeFields,
  WebAuthnCredentialFields,
} from './types-accounts.ts';

export type AccountTables = {
  readonly users: Records<UserFields>;
  readonly addresses: Records<AddressFields>;
  readonly domainAliases: Records<DomainAliasFields>;
  readonly appPasswords: Records<AppPasswordFields>;
  readonly tokens: Records<TokenFields>;
  readonly autoreplies: Records<UserAutoreplyFields>;
  readonly authEvents: Records<AuthEventFields>;
  readonly deletedUsers: Records<DeletedUserFields>;
  readonly secondFactors: Records<SecondFactorFields>;
  readonly webAuthnCredentials: Records<WebAuthnCredentialFields>;
  readonly webAuthnChallenges: Records<WebAuthnChallengeFields>;
};

export function createAccountTables(database: Database): AccountTables {
  return {
    users: createRecords(database, 'users'),
    addresses: createRecords(database, 'addresses', { ids: ['user'] }),
    domainAliases: createRecords(database, 'domainAliases'),
    appPasswords: createRecords(database, 'appPasswords', { ids: ['user'] }),
    tokens: createRecords(database, 'tokens', { ids: ['user'] }),
    autoreplies: createRecords(database, 'autoreplies', { ids: ['user'] }),
    authEvents: createRecords(database, 'authEvents', { ids: ['user'], relaxed: true }),
    deletedUsers: createRecords(database, 'deletedUsers'),
    secondFactors: createRecords(database, 'secondFactors', { ids: ['user'] }),
    webAuthnCredentials: createRecords(database, 'webAuthnCredentials', { ids: ['user'] }),
    webAuthnChallenges: createRecords(database, 'webAuthnChallenges', { ids: ['user'] }),
  };
}
