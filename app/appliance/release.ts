/**
 * Which release of Mallard wrote a data directory last, and whether this one may open it. Only a change of the data's form counts: a step back to a
 * release that reads the same form is harmless. mongod's own rules for its files are kept elsewhere (supervisor/services/mongod-version.ts).
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { version } from './version.ts';

/** Raised by a release that writes data which earlier ones would misread. 2: secrets are sealed. */
export const dataFormat = 2;

const recordSchema = z.object({ version: z.string(), dataFormat: z.int() });
export type ReleaseRecord = z.output<typeof recordSchema>;

export class NewerDataError extends Error {
  constructor(record: ReleaseRecord, root: string) {
    super(
      `The data in ${root} was last used by Mallard ${record.version}, which writes it in a newer form. Mallard ${version} would damage it and does not open it. ` +
        `Install Mallard ${record.version} or later. To go back for good, use the copy that was kept before the update ("${path.basename(root)} before update", beside it).`,
    );
    this.name = 'NewerDataError';
  }
}

/** Undefined: never used, or by a release that kept no record. */
export function readRelease(root: string): ReleaseRecord | undefined {
  const file = fileIn(root);
  if (!existsSync(file)) return undefined;
  return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** @throws NewerDataError */
export function refuseNewerData(root: string, format: number = dataFormat): void {
  const record = readRelease(root);
  if (record !== undefined && record.dataFormat > format) throw new NewerDataError(record, root);
}

/** After a start that went well: from now on, the data is of this release. */
export function writeRelease(root: string, record: ReleaseRecord = { version, dataFormat }): void {
  const file = fileIn(root);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function fileIn(root: string): string {
  return path.join(root, 'settings', 'release.json');
}
