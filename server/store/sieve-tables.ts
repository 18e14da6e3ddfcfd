/** Users' Sieve scripts, which of them works, and what `duplicate` has seen, with their indexes. */
import type { Database } from './connect.ts';
import type { IndexEntry } from './indexes.ts';
import { type Records, createRecords } from './records.ts';
import type { SieveMarkFields, SieveScriptFields, SieveStateFields } from './types-sieve.ts';

export type SieveTables = {
  readonly scripts: Records<SieveScriptFields>;
  readonly states: Records<SieveStateFields>;
  readonly marks: Records<SieveMarkFields>;
};

export function createSieveTables(database: Database): SieveTables {
  return {
    scripts: createRecords(database, 'sieveScripts', { ids: ['user'] }),
    states: createRecords(database, 'sieveStates', { ids: ['user', 'active'] }),
    marks: createRecords(database, 'sieveMarks', { ids: ['user'] }),
  };
}

export const SIEVE_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'sieveScripts',
    name: 'name',
    key: { user: 1, name: 1 },
    options: { unique: true },
    reason: 'One script per name; the scripts of a user.',
  },
  {
    collection: 'sieveStates',
    name: 'user',
    key: { user: 1 },
    options: { unique: true },
    reason: 'Every delivery asks which script works; there is one at most.',
  },
  {
    collection: 'sieveMarks',
    name: 'mark',
    key: { user: 1, mark: 1 },
    options: { unique: true },
    reason: 'Scripts ask whether a message was there before.',
  },
  {
    collection: 'sieveMarks',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'What was seen is remembered for its time only.',
  },
];
