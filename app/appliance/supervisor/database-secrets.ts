/** The passwords of the bundled databases: generated once, kept in one file that only this user can read, and never given in argv. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const secretsSchema = z.object({
  /** The supervisor's own user in mongod (root) and the workers' (all data, no users). */
  mongoSupervisor: z.string().min(20),
  mongoWorker: z.string().min(20),
  valkey: z.string().min(20),
});
export type DatabaseSecrets = z.infer<typeof secretsSchema>;

/** Reads them, or makes them at the first call. A file that is there and unreadable is an error: new passwords would lock us out of the data. */
export function databaseSecrets(secretsDir: string): DatabaseSecrets {
  const file = path.join(secretsDir, 'databases.json');
  let text: string | undefined;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (text !== undefined) return secretsSchema.parse(JSON.parse(text));
  const fresh = (): string => randomBytes(24).toString('hex');
  const secrets: DatabaseSecrets = { mongoSupervisor: fresh(), mongoWorker: fresh(), valkey: fresh() };
  mkdirSync(secretsDir, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}
