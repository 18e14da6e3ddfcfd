/**
 * The schema's version, kept in the database. A worker brings an older database forward step by step at start, and refuses to work on a newer one: it would not know what it
 * was looking at. Steps must be repeatable, because a crash may stop one anywhere, and safe while other workers of the old version still run.
 */
import { Fault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { isRestoring } from './backup-mail.ts';
import { type Database, guarded } from './connect.ts';
import { reseal } from './sealed-fields.ts';

type Step = { readonly to: number; readonly what: string; readonly run: (database: Database) => Promise<void> };

/** In ascending order. Version 1 is the first. */
const STEPS: readonly Step[] = [
  // Where there is no key yet nothing happens; housekeeping does it when there is one. Older releases can't read what is sealed, hence the new version.
  { to: 2, what: 'secrets are sealed', run: async (database) => void (await reseal(database)) },
];

export const SCHEMA_VERSION = 2;

/** Fault CANNOT (user) when the database was written by a newer Mallard. */
export async function migrate(
  database: Database,
  log: Logger,
  steps: readonly Step[] = STEPS,
  target = SCHEMA_VERSION,
): Promise<void> {
  const meta = database.main.collection<{ _id: string; version: number }>('meta');
  await guarded(() =>
    meta.updateOne({ _id: 'schema' }, { $setOnInsert: { version: target } }, { upsert: true, ...database.concerns.durable }),
  );
  if (await isRestoring(database)) {
    throw new Fault(
      'user',
      'CANNOT',
      'A restore into this database was broken off: what is in it is incomplete. Restore the backup again, with --replace.',
    );
  }
  const found = (await guarded(() => meta.findOne({ _id: 'schema' })))?.version ?? target;
  if (found > target) {
    throw new Fault(
      'user',
      'CANNOT',
      `The database is of version ${found}; this Mallard knows versions up to ${target}. Install the newer Mallard again.`,
    );
  }
  for (const step of steps) {
    if (step.to <= found || step.to > target) continue;
    log.info('bringing the database forward', { to: step.to, what: step.what });
    await step.run(database);
    await guarded(() =>
      meta.updateOne({ _id: 'schema', version: { $lt: step.to } }, { $set: { version: step.to } }, database.concerns.durable),
    );
  }
}

/** What the documents of a restored backup are: the next start brings them forward. */
export async function setSchemaVersion(database: Database, version: number): Promise<void> {
  const meta = database.main.collection<{ _id: string; version: number }>('meta');
  await guarded(() => meta.updateOne({ _id: 'schema' }, { $set: { version } }, { upsert: true, ...database.concerns.durable }));
}
