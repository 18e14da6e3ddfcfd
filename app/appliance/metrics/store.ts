/**
 * History of numbers (memory, processor, connections, counts) in SQLite, for the plots.
 *
 * Each sample goes at once into a bucket of every resolution, so there is no job that makes coarse from fine and nothing to catch up after the
 * appliance was off. A bucket keeps count, sum, least and greatest. The number of series and the age per resolution are bounded.
 */
import { chmodSync } from 'node:fs';
import Database from 'better-sqlite3';

export interface Resolution {
  readonly stepMs: number;
  readonly keepMs: number;
}

export interface MetricsOptions {
  readonly file: string;
  /** How far back the coarsest resolution reaches. */
  readonly keepMs: number;
  readonly now?: () => number;
}

/** One point of a plot. */
export interface MetricPoint {
  /** Start of the bucket, milliseconds since 1970. */
  readonly at: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Of all samples of the point: what came in its time, for series that count what came since the sample before. */
  readonly sum: number;
}

export interface MetricHistory {
  /** Width of a point. */
  readonly stepMs: number;
  readonly series: Readonly<Record<string, readonly MetricPoint[]>>;
}

const hour = 3_600_000;
const maxSeries = 500;

export class MetricsStore {
  readonly #db: Database.Database;
  readonly #now: () => number;
  readonly #ids = new Map<string, number>();
  readonly #upsert: Database.Statement<unknown[]>;
  #resolutions: Resolution[] = [];
  #lastPruneAt = 0;

  constructor(options: MetricsOptions) {
    this.#now = options.now ?? Date.now;
    this.#db = new Database(options.file);
    if (process.platform !== 'win32') chmodSync(options.file, 0o600);
    this.#db.pragma('journal_mode = WAL');
    // Losing the last seconds of a plot in a power cut is no loss.
    this.#db.pragma('synchronous = OFF');
    this.#db.pragma('busy_timeout = 2000');
    this.#db.exec(`
      CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
      CREATE TABLE IF NOT EXISTS bucket (step INTEGER NOT NULL, series INTEGER NOT NULL, at INTEGER NOT NULL, count INTEGER NOT NULL,
        sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, PRIMARY KEY (step, series, at)) WITHOUT ROWID;`);
    this.#upsert = this.#db.prepare(`INSERT INTO bucket VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT DO UPDATE SET
      count = count + 1, sum = sum + excluded.sum, min = MIN(min, excluded.min), max = MAX(max, excluded.max)`);
    for (const row of this.#db.prepare<[], { id: number; name: string }>('SELECT id, name FROM series').all())
      this.#ids.set(row.name, row.id);
    this.setKeep(options.keepMs);
  }

  setKeep(keepMs: number): void {
    this.#resolutions = [
      { stepMs: 10_000, keepMs: Math.min(2 * hour, keepMs) },
      { stepMs: 60_000, keepMs: Math.min(48 * hour, keepMs) },
      { stepMs: 900_000, keepMs },
    ];
    this.prune();
  }

  /** Adds one sample of each series. Beyond the bound on series, new names are ignored. */
  record(values: Readonly<Record<string, number>>): void {
    const at = this.#now();
    this.#db.transaction(() => {
      for (const [name, value] of Object.entries(values)) {
        const id = Number.isFinite(value) ? this.#seriesId(name) : undefined;
        if (id === undefined) continue;
        for (const { stepMs } of this.#resolutions)
          this.#upsert.run(stepMs, id, Math.floor(at / stepMs) * stepMs, value, value, value);
      }
    })();
    if (at - this.#lastPruneAt > hour) this.prune();
  }

  names(): string[] {
    return [...this.#ids.keys()].sort();
  }

  /** The finest resolution that still reaches back to `from` and gives at most `maxPoints` points a series. */
  history(names: readonly string[], from: number, to: number, maxPoints: number): MetricHistory {
    const reaching = this.#resolutions.filter((each) => from >= this.#now() - each.keepMs);
    const finest = reaching[0] ?? this.#resolutions.at(-1) ?? { stepMs: 900_000, keepMs: 0 };
    const stored = reaching.find((each) => (to - from) / each.stepMs <= maxPoints) ?? reaching.at(-1) ?? finest;
    const stepMs = stored.stepMs * Math.max(1, Math.ceil((to - from) / stored.stepMs / maxPoints));
    const select = this.#db.prepare<unknown[], { at: number; sum: number; count: number; min: number; max: number }>(
      `SELECT at / ? * ? AS at, SUM(sum) AS sum, SUM(count) AS count, MIN(min) AS min, MAX(max) AS max FROM bucket
       WHERE step = ? AND series = ? AND at BETWEEN ? AND ? GROUP BY 1 ORDER BY 1`,
    );
    const series: Record<string, MetricPoint[]> = {};
    for (const name of names) {
      const id = this.#ids.get(name);
      if (id === undefined) continue;
      const rows = select.all(stepMs, stepMs, stored.stepMs, id, Math.floor(from / stepMs) * stepMs, to);
      series[name] = rows.map((row) => ({ at: row.at, mean: row.sum / row.count, min: row.min, max: row.max, sum: row.sum }));
    }
    return { stepMs, series };
  }

  prune(): void {
    const now = this.#now();
    this.#lastPruneAt = now;
    const remove = this.#db.prepare('DELETE FROM bucket WHERE step = ? AND at < ?');
    this.#db.transaction(() => {
      for (const { stepMs, keepMs } of this.#resolutions) remove.run(stepMs, now - keepMs);
      this.#db.exec('DELETE FROM series WHERE id NOT IN (SELECT DISTINCT series FROM bucket)');
    })();
    const left = new Set(this.#db.prepare('SELECT id FROM series').pluck().all());
    for (const [name, id] of this.#ids) if (!left.has(id)) this.#ids.delete(name);
  }

  close(): void {
    this.#db.close();
  }

  #seriesId(name: string): number | undefined {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    if (this.#ids.size >= maxSeries) return undefined;
    const id = Number(this.#db.prepare('INSERT INTO series (name) VALUES (?)').run(name.slice(0, 200)).lastInsertRowid);
    this.#ids.set(name, id);
    return id;
  }
}
