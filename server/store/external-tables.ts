/** Mailboxes elsewhere, and what was fetched from them, with their indexes and the query that needs each. */
import type { Database } from './connect.ts';
import type { IndexEntry } from './indexes.ts';
import { type Records, createRecords } from './records.ts';
import type { ExternalAccountFields, ExternalMessageFields } from './types-external.ts';

export type ExternalTables = {
  readonly accounts: Records<ExternalAccountFields>;
  readonly messages: Records<ExternalMessageFields>;
};

export function createExternalTables(database: Database): ExternalTables {
  return {
    accounts: createRecords(database, 'externalAccounts', { ids: ['user', 'mailbox'] }),
    messages: createRecords(database, 'externalMessages', { ids: ['user', 'account'] }),
  };
}

export const EXTERNAL_INDEXES: readonly IndexEntry[] = [
  { collection: 'externalAccounts', name: 'user', key: { user: 1 }, reason: 'The accounts of a user.' },
  { collection: 'externalAccounts', name: 'due', key: { enabled: 1, next: 1 }, reason: 'Workers take what is due.' },
  {
    collection: 'externalMessages',
    name: 'message',
    key: { account: 1, generation: 1, uid: 1 },
    options: { unique: true },
    reason: 'Each message elsewhere is fetched once; the newest UID that is known.',
  },
  {
    collection: 'externalMessages',
    name: 'digest',
    key: { account: 1, digest: 1 },
    reason: 'A message that got a new UID is known by its bytes.',
  },
  {
    collection: 'externalMessages',
    name: 'state',
    key: { account: 1, state: 1, at: 1 },
    reason: 'What is to be deleted there by now.',
  },
];
