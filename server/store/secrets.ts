/** Secrets that all workers of an installation share, each made by the first who asks for it. */
import { randomBytes } from 'node:crypto';
import type { Binary } from 'mongodb';
import type { Database } from './connect.ts';
import { guarded } from './connect.ts';
import { openField, sealField } from './sealed-fields.ts';

/** `value` is base64, sealed where there is a key. Octets: from before there was sealing. */
type SecretDoc = { _id: string; value: string | Binary | Buffer };

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
          {
            $setOnInsert: { value: sealField(database.sealer, 'secrets', 'value', randomBytes(32).toString('base64')) as string },
          },
          { upsert: true, returnDocument: 'after', ...database.concerns.durable },
        ),
      );
      const value = doc?.value;
      if (value === undefined) throw new Error(`no secret ${name}`);
      const bytes = secretOctets(database, value);
      // Made up anew it would be another one in each worker.
      if (bytes.length === 0) throw new Error(`the key of the secret ${name} is lost`);
      known.set(name, bytes);
      return bytes;
    },
  };
}

function secretOctets(database: Database, value: string | Binary | Buffer): Buffer {
  if (typeof value === 'string') return Buffer.from(openField(database.sealer, 'secrets', 'value', value) as string, 'base64');
  return Buffer.isBuffer(value) ? value : Buffer.from(value.value());
}
