/**
 * User records as a file: everything about users but their mail, with password hashes, so that they can be brought to another installation (or back). One JSON line per
 * record, ids kept. What exists already where it is brought to stays as it is; a user comes whole or, when the name is taken, not at all.
 */
import { isFault } from '../base/fault.ts';
import type { UserId } from '../mail/ids.ts';
import { DuplicateRecord, type Records, type Stored } from '../store/records.ts';
import type { FlowTables } from '../store/flow-tables.ts';
import type { SieveTables } from '../store/sieve-tables.ts';
import type { FilterFields } from '../store/types-flow.ts';
import type { AccountContext } from './accounts-context.ts';
import { Refusal } from './refusal.ts';

export type DumpSelection = { readonly users?: readonly string[]; readonly tags?: readonly string[] };
export type ImportResult = {
  readonly entries: number;
  readonly imported: number;
  readonly failed: number;
  readonly existing: number;
};

export type AccountDump = {
  /** Lines with their LF; all users when nothing is selected. */
  readonly export: (selection: DumpSelection) => AsyncIterable<string>;
  /** Refusal INVALID_DATA when the bytes are no such file. */
  readonly import: (dump: string) => Promise<ImportResult>;
};

const FORMAT = 'mallard-users';
const VERSION = 1;
const PAGE = 200;

type TableName = 'users' | 'addresses' | 'autoreplies' | 'appPasswords' | 'secondFactors' | 'webAuthnCredentials' | OtherTable;
type OtherTable = 'filters' | 'sieveScripts' | 'sieveStates';
/** What a user has besides the account itself. Accounts elsewhere stay behind: their passwords would stand in the file. */
export type OtherTables = {
  readonly filters: FlowTables['filters'];
  readonly sieveScripts: SieveTables['scripts'];
  readonly sieveStates: SieveTables['states'];
};

export function createAccountDump(context: AccountContext, others: OtherTables): AccountDump {
  const { users, addresses, autoreplies, appPasswords, secondFactors, webAuthnCredentials } = context.tables;
  // Users first: what belongs to a user follows its user.
  const tables = {
    users,
    addresses,
    autoreplies,
    appPasswords,
    secondFactors,
    webAuthnCredentials,
    ...others,
  } as unknown as Record<TableName, Records<object>>;
  const ofUser = (Object.keys(tables) as TableName[]).filter((name) => name !== 'users');

  async function* dump({ users: ids = [], tags = [] }: DumpSelection): AsyncGenerator<string> {
    yield line({ format: FORMAT, version: VERSION });
    const where = {
      ...(ids.length > 0 ? { id: { in: ids } } : {}),
      ...(tags.length > 0 ? { tagKeys: { in: tags.map((tag) => tag.toLowerCase()) } } : {}),
    };
    let next: string | undefined;
    do {
      const page = await users.page(where, { limit: PAGE, next });
      for (const user of page.results) {
        yield line({ table: 'users', record: user });
        for (const name of ofUser)
          for (const record of await tables[name].find({ user: user.id }))
            yield line({ table: name, record: portable(name, record) });
      }
      next = page.nextCursor === false ? undefined : page.nextCursor;
    } while (next !== undefined);
  }

  return {
    export: dump,
    import: async (text) => {
      const lines = text.split('\n').filter((one) => one.trim() !== '');
      const head = tryLine(lines.shift() ?? '');
      if (head?.['format'] !== FORMAT || head['version'] !== VERSION)
        throw new Refusal('INVALID_DATA', 'This is no file of exported users');
      const result = { entries: 0, imported: 0, failed: 0, existing: 0 };
      // Records of a user that did not come must not be given to whoever has that id here.
      let accepted: string | undefined;
      for (const one of lines) {
        result.entries += 1;
        const parsed = tryLine(one);
        const outcome = parsed === undefined ? 'failed' : await bring(parsed, accepted);
        if (parsed?.['table'] === 'users')
          accepted = outcome === 'imported' ? String((parsed['record'] as { id?: unknown }).id) : undefined;
        result[outcome] += 1;
      }
      return result;
    },
  };

  async function bring(
    entry: Readonly<Record<string, unknown>>,
    accepted: string | undefined,
  ): Promise<'imported' | 'existing' | 'failed'> {
    const table = tables[entry['table'] as TableName];
    const record = entry['record'] as Stored<{ user?: string }> | undefined;
    if (table === undefined || record === undefined || !/^[0-9a-f]{24}$/.test(String(record.id))) return 'failed';
    const { id, created, ...fields } = record;
    void created;
    if (table !== tables.users && fields.user !== accepted) return (await table.get(id)) === undefined ? 'failed' : 'existing';
    try {
      await table.insert(fields, { id });
      if (table === tables.users) await context.mail.createMailboxes(id as UserId, {});
      return 'imported';
    } catch (error) {
      if (error instanceof DuplicateRecord) return 'existing';
      if (isFault(error, 'UNAVAILABLE')) throw error;
      context.log.warn('record not imported', { error, table: entry['table'], id });
      return 'failed';
    }
  }
}

/** Mailboxes get new ids where they are made anew: a filter can't name them. */
function portable(table: TableName, record: Stored<object>): Stored<object> {
  if (table !== 'filters') return record;
  const filter = record as Stored<FilterFields>;
  const { mailbox, ...action } = filter.action;
  void mailbox;
  const changed: Stored<FilterFields> = { ...filter, action };
  return changed;
}

function line(value: unknown): string {
  return `${JSON.stringify(value, encode)}\n`;
}

/** Dates and octets, which JSON has no form for. `this` is the holder: `value` of a Date is its text already. */
function encode(this: unknown, key: string, value: unknown): unknown {
  const raw = (this as Record<string, unknown>)[key];
  if (raw instanceof Date) return { $date: raw.toISOString() };
  if (raw instanceof Uint8Array) return { $bytes: Buffer.from(raw).toString('base64') };
  return value;
}

function tryLine(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text, decode);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Counted as failed, or told as no dump at all.
    return undefined;
  }
}

function decode(key: string, value: unknown): unknown {
  if (key === '__proto__') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  const { $date, $bytes } = value as { $date?: unknown; $bytes?: unknown };
  if (typeof $date === 'string') return new Date($date);
  if (typeof $bytes === 'string') return Buffer.from($bytes, 'base64');
  return value;
}
