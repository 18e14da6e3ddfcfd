/** While somebody reads the whole store, nothing is removed from it for good: a backup that met a message must still find its content an hour later. */
import { type Database, guarded } from './connect.ts';

type HoldDoc = { _id: string; owner: string; until: Date };

const NAME = 'sweep-hold:';
const holds = (database: Database) => database.main.collection<HoldDoc>('leases');

/** Holds, or goes on holding, for `ttlMs`: whoever dies holds no longer than that. */
export async function holdSweeping(database: Database, owner: string, ttlMs: number): Promise<void> {
  const until = new Date(Date.now() + ttlMs);
  await guarded(() =>
    holds(database).updateOne({ _id: NAME + owner }, { $set: { owner, until } }, { upsert: true, ...database.concerns.durable }),
  );
}

export async function releaseSweeping(database: Database, owner: string): Promise<void> {
  await guarded(() => holds(database).deleteOne({ _id: NAME + owner }));
}

export async function isSweepingHeld(database: Database): Promise<boolean> {
  const held = await guarded(() =>
    holds(database).findOne({ _id: { $gte: NAME, $lt: `${NAME}~` }, until: { $gt: new Date() } }, { projection: { _id: 1 } }),
  );
  return held !== null;
}
