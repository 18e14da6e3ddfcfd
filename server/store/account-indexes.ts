/** Indexes of the administrative collections; the same form and purpose as `indexes.ts`. */
import type { IndexEntry } from './indexes.ts';

export const ACCOUNT_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'users',
    name: 'username',
    key: { usernameKey: 1 },
    options: { unique: true },
    reason: 'One user per name, and sign-in finds it.',
  },
  { collection: 'users', name: 'tags', key: { tagKeys: 1 }, reason: 'Lists of users by tag.' },
  {
    collection: 'addresses',
    name: 'key',
    key: { key: 1 },
    options: { unique: true },
    reason: 'One owner per address; every recipient is looked up by it.',
  },
  { collection: 'addresses', name: 'user', key: { user: 1 }, reason: 'The addresses of a user.' },
  { collection: 'addresses', name: 'tags', key: { tagKeys: 1 }, reason: 'Lists of addresses by tag.' },
  {
    collection: 'domainAliases',
    name: 'alias',
    key: { alias: 1 },
    options: { unique: true },
    reason: 'One meaning per alias; recipients at it are looked up by it.',
  },
  {
    collection: 'appPasswords',
    name: 'hash',
    key: { user: 1, hash: 1 },
    options: { unique: true },
    reason: 'Sign-in by application password; the list of a user.',
  },
  {
    collection: 'appPasswords',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'Expired application passwords vanish by themselves.',
  },
  {
    collection: 'tokens',
    name: 'hash',
    key: { hash: 1 },
    options: { unique: true },
    reason: 'Every API call looks its token up.',
  },
  { collection: 'tokens', name: 'user', key: { user: 1 }, reason: 'Tokens of a user, to list and to revoke.' },
  {
    collection: 'tokens',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'Expired tokens vanish by themselves.',
  },
  { collection: 'autoreplies', name: 'user', key: { user: 1 }, options: { unique: true }, reason: 'One autoreply per user.' },
  { collection: 'authEvents', name: 'user', key: { user: 1, _id: -1 }, reason: 'Pages of the authentication log, newest first.' },
  {
    collection: 'authEvents',
    name: 'key',
    key: { user: 1, key: 1 },
    options: { unique: true },
    reason: 'Equal events are counted in one record.',
  },
  {
    collection: 'authEvents',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'The log is kept for its time only.',
  },
];
