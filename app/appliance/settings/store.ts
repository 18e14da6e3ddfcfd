/**
 * The settings of one data directory, in SQLite: what a person has set, and since when. Values that nobody set are not stored, so a better
 * default of a later release reaches everybody.
 *
 * Effective value: override of this run (`--set`) > stored > default. A stored value that the registry of this release refuses is left in place
 * but not used, and `rejected` names it. Secret values are sealed with the installation's key. The file is opened by the appliance and, for moments, by the command line: WAL allows both.
 */
import { chmodSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openSealer, SealFault, type Sealer } from '../../../server/base/sealing.ts';
import { checkTogether, expectValue, holdsSecrets, SettingsFault, shownValue } from './judge.ts';
import { isSettingName, type SettingName, settingNames, settingOf, type SettingValue } from './registry.ts';

export type SettingOrigin = 'default' | 'stored' | 'override';

/** One setting with its present value, for lists and the settings page. */
export interface SettingState {
  readonly name: SettingName;
  readonly value: unknown;
  readonly origin: SettingOrigin;
  /** What is stored, when an override of this run hides it. */
  readonly stored?: unknown;
  readonly changedAt?: number;
}

export type Changes = ReadonlyMap<SettingName, unknown>;
type Listener = (changed: readonly SettingName[]) => void;

export interface SettingsOptions {
  readonly file: string;
  readonly overrides?: Changes;
  /** For secret values; default: they are stored as they are. */
  readonly sealer?: Sealer;
  readonly now?: () => number;
}

export class Settings {
  readonly #db: Database.Database;
  readonly #overrides: Changes;
  readonly #sealer: Sealer;
  readonly #stored = new Map<SettingName, { value: unknown; changedAt: number }>();
  readonly #listeners = new Set<Listener>();
  readonly #now: () => number;
  /** Stored values that this release does not accept, with the reason. */
  readonly rejected: { name: string; reason: string }[] = [];

  constructor(options: SettingsOptions) {
    this.#overrides = options.overrides ?? new Map();
    this.#sealer = options.sealer ?? openSealer;
    this.#now = options.now ?? Date.now;
    this.#db = new Database(options.file);
    if (process.platform !== 'win32') chmodSync(options.file, 0o600);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.pragma('busy_timeout = 5000');
    this.#db.exec(`
      CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS change (at INTEGER NOT NULL, by TEXT NOT NULL, name TEXT NOT NULL, before TEXT, after TEXT);`);
    this.reload();
    this.#reseal();
    checkTogether((name) => this.value(name), [...this.#overrides.keys()]);
  }

  /** The effective value. */
  get<Name extends SettingName>(name: Name): SettingValue<Name> {
    return this.value(name) as SettingValue<Name>;
  }

  value(name: SettingName): unknown {
    if (this.#overrides.has(name)) return this.#overrides.get(name);
    return this.#stored.get(name)?.value ?? settingOf(name).default;
  }

  origin(name: SettingName): SettingOrigin {
    if (this.#overrides.has(name)) return 'override';
    return this.#stored.has(name) ? 'stored' : 'default';
  }

  state(name: SettingName): SettingState {
    const stored = this.#stored.get(name);
    const origin = this.origin(name);
    return {
      name,
      value: this.value(name),
      origin,
      ...(origin === 'override' && stored !== undefined ? { stored: stored.value } : {}),
      ...(stored === undefined ? {} : { changedAt: stored.changedAt }),
    };
  }

  list(): SettingState[] {
    return settingNames.map((name) => this.state(name));
  }

  /**
   * Stores all of the changes or none; `undefined` goes back to the default. Listeners hear the names whose effective value changed.
   * @param by who changed it, for the record: `cli`, `gui`
   * @throws SettingsFault
   */
  set(changes: Changes, by: string): SettingName[] {
    const checked = new Map<SettingName, unknown>();
    for (const [name, value] of changes) checked.set(name, value === undefined ? undefined : this.#expect(name, value));
    const wanted = (name: SettingName): unknown => {
      if (this.#overrides.has(name)) return this.#overrides.get(name);
      return checked.has(name) ? (checked.get(name) ?? settingOf(name).default) : this.value(name);
    };
    checkTogether(wanted, [...checked.keys()]);
    const before = new Map([...checked.keys()].map((name) => [name, JSON.stringify(this.value(name))]));
    this.#db.transaction(() => {
      for (const [name, value] of checked) this.#write(name, value, by);
    })();
    const changed = [...checked.keys()].filter((name) => JSON.stringify(this.value(name)) !== before.get(name));
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
    return changed;
  }

  /** What was shown of a value with secrets in it may come back: then the secrets stay as they are. */
  #expect(name: SettingName, value: unknown): unknown {
    const { veil } = settingOf(name);
    return expectValue(name, veil === undefined ? value : veil.lift(value, this.value(name)));
  }

  /** Reads what is stored anew. */
  reload(): void {
    this.#stored.clear();
    this.rejected.length = 0;
    const rows = this.#db
      .prepare<[], { name: string; value: string; changed_at: number }>('SELECT name, value, changed_at FROM setting')
      .all();
    for (const row of rows) {
      if (!isSettingName(row.name)) {
        this.rejected.push({ name: row.name, reason: 'there is no such setting in this release' });
        continue;
      }
      try {
        this.#stored.set(row.name, { value: expectValue(row.name, JSON.parse(this.#open(row))), changedAt: row.changed_at });
      } catch (error) {
        if (!(error instanceof SettingsFault || error instanceof SyntaxError || error instanceof SealFault)) throw error;
        this.rejected.push({ name: row.name, reason: error.message });
      }
    }
  }

  /** @returns the function that ends the listening */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#db.close();
  }

  #write(name: SettingName, value: unknown, by: string): void {
    const at = this.#now();
    const secret = holdsSecrets(name);
    const before = this.#stored.get(name)?.value;
    if (value === undefined) {
      this.#db.prepare('DELETE FROM setting WHERE name = ?').run(name);
      this.#stored.delete(name);
    } else {
      this.#db
        .prepare(
          'INSERT INTO setting VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at',
        )
        .run(name, secret ? this.#sealer.seal(JSON.stringify(value), purposeOf(name)) : JSON.stringify(value), at);
      this.#stored.set(name, { value, changedAt: at });
    }
    const shown = (given: unknown): string | null => (given === undefined ? null : JSON.stringify(shownValue(name, given)));
    this.#db.prepare('INSERT INTO change VALUES (?, ?, ?, ?, ?)').run(at, by, name, shown(before), shown(value));
    // The record is for "who changed that": the last thousand changes answer it.
    this.#db.prepare('DELETE FROM change WHERE rowid <= (SELECT MAX(rowid) FROM change) - 1000').run();
  }

  #open({ name, value }: { readonly name: string; readonly value: string }): string {
    return isSettingName(name) && holdsSecrets(name) ? this.#sealer.open(value, purposeOf(name)) : value;
  }

  /** Secret values from before there was a key, or of an older key. */
  #reseal(): void {
    for (const [name, { value }] of this.#stored) {
      if (!holdsSecrets(name)) continue;
      const row = this.#db.prepare<[string], { value: string }>('SELECT value FROM setting WHERE name = ?').get(name);
      if (row === undefined || this.#sealer.isCurrent(row.value)) continue;
      const sealed = this.#sealer.seal(JSON.stringify(value), purposeOf(name));
      this.#db.prepare('UPDATE setting SET value = ? WHERE name = ? AND value = ?').run(sealed, name, row.value);
    }
  }
}

function purposeOf(name: string): string {
  return `settings.${name}`;
}
