/**
 * The log of the appliance and its children, in SQLite.
 *
 * Lines are inserted in batches, searched newest first, and bounded by size and by age. Text search is substring-exact (a log is searched for
 * pieces of addresses and error codes, which words of a full-text index would miss); it walks the log in slices and yields between them, so a
 * search never holds up the supervisor. Secrets are masked before a line is kept or shown.
 */
import { chmodSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { LogLevel } from '../../../server/base/log.ts';
import { type LogLine, logLevels, severities } from './line.ts';
import { SecretMask } from './mask.ts';

/** A line that was kept. Ids grow; they are the cursor. */
export interface StoredLine extends LogLine {
  readonly id: number;
}

/** What to look for; every condition must hold. */
export interface LogFilter {
  /** The least severe level. */
  readonly level?: LogLevel;
  /** Any of these; `worker` also means `worker-1`, `worker-2`, … */
  readonly services?: readonly string[];
  readonly user?: string;
  readonly connection?: string;
  /** A substring of the message or of the other fields; ASCII letters match in either case. */
  readonly text?: string;
  /** Milliseconds since 1970, inclusive. */
  readonly from?: number;
  readonly to?: number;
}

export interface LogQuery extends LogFilter {
  /** Lines older than this id: the last one of the page before. */
  readonly before?: number;
  /** At most this many lines. */
  readonly limit: number;
}

export interface LogLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

export interface LogStoreOptions {
  readonly file: string;
  readonly limits: LogLimits;
  readonly level?: LogLevel;
  readonly mask?: SecretMask;
  readonly now?: () => number;
  /** How long a line may wait for its batch. */
  readonly flushMs?: number;
  /** Called when lines cannot be written (disk full); at most once until writing works again. */
  readonly onTrouble?: (error: unknown) => void;
}

type Row = {
  id: number;
  at: number;
  level: number;
  service: string;
  pid: number | null;
  connection: string | null;
  user: string | null;
  message: string;
  fields: string | null;
};

const batchLines = 500;
/** While the disk refuses, this many lines wait; older ones are dropped and counted. */
const maxWaiting = 5000;
const sliceIds = 20_000;

export class LogStore {
  readonly mask: SecretMask;
  readonly #db: Database.Database;
  readonly #insert: Database.Statement;
  readonly #now: () => number;
  readonly #flushMs: number;
  readonly #onTrouble: (error: unknown) => void;
  readonly #listeners = new Set<(lines: readonly StoredLine[]) => void>();
  #limits: LogLimits;
  #least: number;
  #waiting: LogLine[] = [];
  #timer: NodeJS.Timeout | undefined;
  #troubled = false;
  #dropped = 0;
  #bytesSincePrune = 0;
  #lastPruneAt: number;

  constructor(options: LogStoreOptions) {
    this.mask = options.mask ?? new SecretMask();
    this.#limits = options.limits;
    this.#least = severities[options.level ?? 'info'];
    this.#now = options.now ?? Date.now;
    this.#flushMs = options.flushMs ?? 200;
    this.#onTrouble = options.onTrouble ?? (() => {});
    this.#db = openDatabase(options.file);
    this.#insert = this.#db.prepare(
      'INSERT INTO line (at, level, service, pid, connection, user, message, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#lastPruneAt = this.#now();
    this.prune();
  }

  /** The least severe level that is kept. */
  setLevel(level: LogLevel): void {
    this.#least = severities[level];
  }

  setLimits(limits: LogLimits): void {
    this.#limits = limits;
    this.prune();
  }

  /** Keeps a line, soon. Never throws. */
  append(line: LogLine): void {
    if (severities[line.level] < this.#least) return;
    this.#waiting.push(line);
    if (this.#waiting.length >= batchLines) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#flushMs).unref();
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0 || !this.#db.open) return;
    const lines = this.#waiting.map((line) => this.#masked(line));
    try {
      const stored = this.#write(lines);
      this.#waiting = [];
      this.#troubled = false;
      if (stored.length > 0) for (const listener of this.#listeners) listener(stored);
      this.#pruneIfDue();
    } catch (error) {
      this.#keepWaiting(error);
    }
  }

  /** Newest first. `next` is the cursor of the following page, absent when there is none. */
  async query(query: LogQuery): Promise<{ lines: StoredLine[]; next?: number }> {
    this.flush();
    const { where, values } = conditions(query);
    const range = this.#db
      .prepare<[], { low: number | null; high: number | null }>('SELECT MIN(id) AS low, MAX(id) AS high FROM line')
      .get();
    const low = range?.low ?? 1;
    let high = Math.min(query.before === undefined ? Number.MAX_SAFE_INTEGER : query.before - 1, range?.high ?? 0);
    const select = this.#db.prepare<unknown[], Row>(
      `SELECT * FROM line WHERE id BETWEEN ? AND ?${where} ORDER BY id DESC LIMIT ?`,
    );
    const lines: StoredLine[] = [];
    while (high >= low && lines.length <= query.limit) {
      const from = Math.max(low, high - sliceIds + 1);
      lines.push(...select.all(from, high, ...values, query.limit + 1 - lines.length).map(fromRow));
      high = from - 1;
      if (high >= low) await nextTurn();
      if (!this.#db.open) break;
    }
    const more = lines.length > query.limit;
    if (more) lines.length = query.limit;
    const last = lines.at(-1);
    return { lines, ...(more && last !== undefined ? { next: last.id } : {}) };
  }

  /** Hears lines as they are kept, in batches. @returns the function that ends it */
  follow(filter: LogFilter, listener: (lines: readonly StoredLine[]) => void): () => void {
    const matches = matcher(filter);
    const hear = (lines: readonly StoredLine[]): void => {
      const wanted = lines.filter(matches);
      if (wanted.length > 0) listener(wanted);
    };
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /** The last lines of one service, oldest first: the reason shown when it failed. */
  tail(service: string, count: number): StoredLine[] {
    this.flush();
    const rows = this.#db
      .prepare<[string, number], Row>('SELECT * FROM line WHERE service = ? ORDER BY id DESC LIMIT ?')
      .all(service, count);
    return rows.map(fromRow).reverse();
  }

  /** Bytes in use on disk, free pages not counted. */
  sizeBytes(): number {
    const pragma = (name: string): number => this.#db.pragma(name, { simple: true }) as number;
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }

  /** Drops what is too old, then the oldest until the size is right (to 90 %, so that it is not done for every line). */
  prune(): void {
    this.#lastPruneAt = this.#now();
    this.#bytesSincePrune = 0;
    this.#db.prepare('DELETE FROM line WHERE at < ?').run(this.#now() - this.#limits.maxAgeMs);
    if (this.sizeBytes() > this.#limits.maxBytes) {
      const dropOldest = this.#db.prepare('DELETE FROM line WHERE id <= (SELECT MIN(id) + (MAX(id) - MIN(id)) / 20 FROM line)');
      while (this.sizeBytes() > this.#limits.maxBytes * 0.9) if (dropOldest.run().changes === 0) break;
    }
    this.#db.pragma('incremental_vacuum');
  }

  close(): void {
    this.flush();
    clearTimeout(this.#timer);
    this.#listeners.clear();
    this.#db.close();
  }

  #masked(line: LogLine): LogLine {
    const fields = line.fields === undefined ? {} : { fields: this.mask.fields(line.fields) };
    return { ...line, message: this.mask.text(line.message), ...fields };
  }

  #write(lines: LogLine[]): StoredLine[] {
    const stored: StoredLine[] = [];
    this.#db.transaction(() => {
      for (const line of this.#dropped > 0 ? [droppedLine(this.#dropped, this.#now()), ...lines] : lines) {
        const fields = line.fields === undefined ? null : JSON.stringify(line.fields);
        const values = [
          line.at,
          severities[line.level],
          line.service,
          line.pid ?? null,
          line.connection ?? null,
          line.user ?? null,
        ];
        const { lastInsertRowid } = this.#insert.run(...values, line.message, fields);
        stored.push({ ...line, id: Number(lastInsertRowid) });
        this.#bytesSincePrune += line.message.length + (fields?.length ?? 0) + 60;
      }
    })();
    this.#dropped = 0;
    return stored;
  }

  #keepWaiting(error: unknown): void {
    const excess = this.#waiting.length - maxWaiting;
    if (excess > 0) {
      this.#waiting.splice(0, excess);
      this.#dropped += excess;
    }
    this.#timer ??= setTimeout(() => this.flush(), 5000).unref();
    if (this.#troubled) return;
    this.#troubled = true;
    this.#onTrouble(error);
  }

  #pruneIfDue(): void {
    if (this.#bytesSincePrune > this.#limits.maxBytes / 50 || this.#now() - this.#lastPruneAt > 3_600_000) this.prune();
  }
}

/** Opens the log for reading while no appliance runs. */
export function openDatabase(file: string): Database.Database {
  const db = new Database(file);
  if (process.platform !== 'win32') chmodSync(file, 0o600);
  // Must come before the first table is made; gives the space of dropped lines back to the disk.
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma('journal_mode = WAL');
  // A power cut may cost the last lines, never the file.
  db.pragma('synchronous = NORMAL');
  db.pragma('busy_timeout = 2000');
  db.pragma('journal_size_limit = 4194304');
  db.exec(`
    CREATE TABLE IF NOT EXISTS line (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, level INTEGER NOT NULL, service TEXT NOT NULL,
      pid INTEGER, connection TEXT, user TEXT, message TEXT NOT NULL, fields TEXT);
    CREATE INDEX IF NOT EXISTS line_at ON line (at);
    CREATE INDEX IF NOT EXISTS line_service ON line (service, id);`);
  return db;
}

function conditions(filter: LogFilter): { where: string; values: unknown[] } {
  const parts: [string, ...unknown[]][] = [];
  if (filter.level !== undefined) parts.push(['level >= ?', severities[filter.level]]);
  if (filter.services !== undefined && filter.services.length > 0) {
    const each = filter.services.map(() => "(service = ? OR service GLOB ? || '-[0-9]*')");
    parts.push([`(${each.join(' OR ')})`, ...filter.services.flatMap((service) => [service, globLiteral(service)])]);
  }
  if (filter.user !== undefined) parts.push(['user = ?', filter.user]);
  if (filter.connection !== undefined) parts.push(['connection = ?', filter.connection]);
  if (filter.from !== undefined) parts.push(['at >= ?', filter.from]);
  if (filter.to !== undefined) parts.push(['at <= ?', filter.to]);
  if (filter.text !== undefined && filter.text !== '') {
    const like = `%${filter.text.replace(/[\\%_]/g, '\\$&')}%`;
    parts.push([
      String.raw`(message LIKE ? ESCAPE '\' OR fields LIKE ? ESCAPE '\' OR user LIKE ? ESCAPE '\' OR connection LIKE ? ESCAPE '\' OR service LIKE ? ESCAPE '\')`,
      like,
      like,
      like,
      like,
      like,
    ]);
  }
  return { where: parts.map(([sql]) => ` AND ${sql}`).join(''), values: parts.flatMap(([, ...values]) => values) };
}

/** The same conditions on a line in hand. */
function matcher(filter: LogFilter): (line: StoredLine) => boolean {
  const least = filter.level === undefined ? 0 : severities[filter.level];
  const text = filter.text?.toLowerCase();
  const services = filter.services ?? [];
  const fits = (service: string): boolean =>
    services.some((name) => service === name || (service.startsWith(`${name}-`) && /^\d/.test(service.slice(name.length + 1))));
  return (line) =>
    severities[line.level] >= least &&
    (services.length === 0 || fits(line.service)) &&
    (filter.user === undefined || line.user === filter.user) &&
    (filter.connection === undefined || line.connection === filter.connection) &&
    (filter.from === undefined || line.at >= filter.from) &&
    (filter.to === undefined || line.at <= filter.to) &&
    (text === undefined || searchable(line).includes(text));
}

function searchable(line: LogLine): string {
  const parts = [
    line.message,
    line.fields === undefined ? '' : JSON.stringify(line.fields),
    line.user ?? '',
    line.connection ?? '',
    line.service,
  ];
  return parts.join('\n').toLowerCase();
}

function globLiteral(text: string): string {
  return text.replace(/[*?[]/g, '[$&]');
}

function fromRow(row: Row): StoredLine {
  return {
    id: row.id,
    at: row.at,
    level: logLevels.find((level) => severities[level] >= row.level) ?? 'error',
    service: row.service,
    message: row.message,
    ...(row.pid === null ? {} : { pid: row.pid }),
    ...(row.connection === null ? {} : { connection: row.connection }),
    ...(row.user === null ? {} : { user: row.user }),
    ...(row.fields === null ? {} : { fields: JSON.parse(row.fields) as Record<string, unknown> }),
  };
}

function droppedLine(count: number, at: number): LogLine {
  return { at, level: 'warn', service: 'appliance', message: `${count} log lines were lost while the log could not be written` };
}
