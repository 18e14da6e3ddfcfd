/** The mail flow's small collections, and their indexes with the query that needs each. */
import type { Database } from './connect.ts';
import type { IndexEntry } from './indexes.ts';
import { type Records, createRecords } from './records.ts';
import type { DkimKeyFields, FilterFields } from './types-flow.ts';

export type FlowTables = {
  readonly filters: Records<FilterFields>;
  readonly dkimKeys: Records<DkimKeyFields>;
};

export function createFlowTables(database: Database): FlowTables {
  return {
    filters: createRecords(database, 'filters', { ids: ['user'] }),
    dkimKeys: createRecords(database, 'dkimKeys'),
  };
}

export const FLOW_INDEXES: readonly IndexEntry[] = [
  { collection: 'filters', name: 'user', key: { user: 1 }, reason: 'Every delivery reads the filters of its user.' },
  {
    collection: 'mailboxes',
    name: 'retention',
    key: { retentionMs: 1 },
    options: { partialFilterExpression: { retentionMs: { $exists: true } } },
    reason: 'The mailboxes that keep messages for a time of their own.',
  },
  {
    collection: 'mailboxes',
    name: 'specialUse',
    key: { specialUse: 1 },
    options: { partialFilterExpression: { specialUse: { $exists: true } } },
    reason: 'Trash and Junk of all users, which keep messages for a time.',
  },
  {
    collection: 'dkimKeys',
    name: 'domain',
    key: { domain: 1, selector: 1 },
    options: { unique: true },
    reason: 'One key per name in DNS; signing looks up the keys of a domain.',
  },
  {
    collection: 'repliesSent',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'Who got an automatic reply is remembered for its period only.',
  },
  {
    collection: 'traces',
    name: 'transaction',
    key: { transaction: 1 },
    options: { unique: true },
    reason: 'Steps are added to the trace of their transaction.',
  },
  {
    collection: 'traces',
    name: 'keys',
    key: { keys: 1, at: -1 },
    reason: 'Search by address, Message-ID, queue id or IP, newest first.',
  },
  { collection: 'traces', name: 'at', key: { at: -1 }, reason: 'Lists, and searches by subject, newest first.' },
  {
    collection: 'traces',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'Traces are kept for their time only.',
  },
];
