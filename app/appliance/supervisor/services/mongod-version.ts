/**
 * Which mongod may open which data directory. mongod itself refuses a wrong pair with a cryptic line, or (a downgrade) worse. So the version that
 * wrote last and the featureCompatibilityVersion (FCV) are recorded beside the data and judged before the start.
 *
 * MongoDB's rule: a release series opens data whose FCV is its own series or the one before. So: one step up at a time; down only while the FCV
 * has not been raised. The FCV is raised a week after a step that went well; until then the old program could go back.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** Series in order. 8.2 follows 8.0 as a series of its own. */
const series = ['4.4', '5.0', '6.0', '7.0', '8.0', '8.2'] as const;

export const RAISE_FCV_AFTER_MS = 7 * 24 * 3600_000;

const recordSchema = z.object({
  /** Of the program that ran last: "6.0.5". */
  mongod: z.string(),
  /** "6.0". */
  featureCompatibility: z.string(),
  /** When this series first ran here, in milliseconds since 1970. */
  seriesSince: z.number(),
});
export type DataVersion = z.infer<typeof recordSchema>;

const fileOf = (dbPath: string): string => path.join(dbPath, 'mallard-version.json');

export function readDataVersion(dbPath: string): DataVersion | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(fileOf(dbPath), 'utf8')));
  } catch {
    return undefined;
  }
}

export function writeDataVersion(dbPath: string, version: DataVersion): void {
  writeFileSync(`${fileOf(dbPath)}.new`, `${JSON.stringify(version)}\n`);
  renameSync(`${fileOf(dbPath)}.new`, fileOf(dbPath));
}

/** Whether mongod has ever written here. */
export function holdsData(dbPath: string): boolean {
  try {
    return readdirSync(dbPath).some((name) => name === 'WiredTiger' || name === 'storage.bson');
  } catch {
    return false;
  }
}

export const seriesOf = (version: string): string => version.split('.').slice(0, 2).join('.');

export type VersionVerdict =
  | { readonly verdict: 'same' | 'downgrade' | 'unrecorded' }
  /** A step to the next series: back up first. */
  | { readonly verdict: 'upgrade'; readonly from: string; readonly to: string }
  | { readonly verdict: 'refused'; readonly message: string; readonly remedy: string };

/** May `program` (a version like "7.0.24") open data with this record? */
export function judgeVersion(record: DataVersion | undefined, program: string): VersionVerdict {
  if (record === undefined) return { verdict: 'unrecorded' };
  const to = seriesOf(program);
  const ran = seriesOf(record.mongod);
  const fcv = record.featureCompatibility;
  const at = indexOf(to);
  const fcvAt = indexOf(fcv);
  if (at === -1 || fcvAt === -1) {
    if (to === ran) return { verdict: 'same' };
    return refuse(record, program, `Use MongoDB ${ran}.`);
  }
  if (at < fcvAt) return refuse(record, program, `Use MongoDB ${fcv} or, one series at a time, a later one.`);
  if (at > fcvAt + 1) {
    return refuse(record, program, `Go one series at a time: first run MongoDB ${series[fcvAt + 1] ?? ''} on it.`);
  }
  if (to === ran) return { verdict: 'same' };
  return at > indexOf(ran) ? { verdict: 'upgrade', from: ran, to } : { verdict: 'downgrade' };
}

/** Whether the FCV should now follow the program. */
export function shouldRaise(record: DataVersion, now: number): boolean {
  const own = indexOf(seriesOf(record.mongod));
  return own > 0 && indexOf(record.featureCompatibility) === own - 1 && now - record.seriesSince >= RAISE_FCV_AFTER_MS;
}

function refuse(record: DataVersion, program: string, remedy: string): VersionVerdict {
  return {
    verdict: 'refused',
    message: `The mail data was last written by MongoDB ${record.mongod} (compatibility ${record.featureCompatibility}); MongoDB ${program} cannot open it. Nothing was changed.`,
    remedy,
  };
}

const indexOf = (name: string): number => (series as readonly string[]).indexOf(name);
