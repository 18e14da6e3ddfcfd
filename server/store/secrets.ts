/** Secrets that all workers of an installation share, each made by the first who asks for it. */
import { randomBytes } from 'node:crypto';
import { Binary } from 'mongodb';
import type { Database } from './connect.ts';
import { guarded } from './connect.ts';

type SecretDoc = { _id: string; value: Binary | Buffer };

export type Secrets = {
  /** 32 random octets; the same for everybody, for ever. */
  readonly get: (name: string) => Promise<Buffer>;
};

export function createSecrets(database: Database): Secrets {
  const known = new Map<string, Buffer>();
  const collection = database.main.collection<SecretDoc>('secrets');
  return {
    get: async (name) => {
      const cached = known.get(name);
      if (cached !== undefined) return cached;
      const doc = await guarded(() =>
        collection.findOneAndUpdate(
          { _id: name },
          { $setOnInsert: { value: new Binary(randomBytes(32)) } },
          { upsert: true, returnDocument: 'after', ...database.concerns.durable },
        ),
      );
      const value = doc?.value;
      if (value === undefined) throw new Error(`no secret ${name}`);
      const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.value());
      known.set(name, bytes);
      return bytes;
    },
  };
}
