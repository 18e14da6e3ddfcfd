/**
 * Which stored fields are secrets that the server must read again (and so can't hash): they are sealed with a key from outside the database. One line here is all that a new
 * one needs; `createRecords` does the rest, and `reseal` brings what is stored to the present key, plain values included.
 */
import type { Document, ObjectId } from 'mongodb';
import { Fault } from '../base/fault.ts';
import { SealFault, type Sealer } from '../base/sealing.ts';
import { type Database, guarded } from './connect.ts';

/** By collection: fields of the document itself. */
const SEALED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  acmeAccounts: ['privateKey'],
  certificates: ['privateKey'],
  dkimKeys: ['privateKey'],
  externalAccounts: ['password'],
  secondFactors: ['seed', 'pendingSeed'],
  secrets: ['value'],
};

/** Fields of a record, whole: what `sealField` and `openField` take. */
export function sealedFieldsOf(collection: string): readonly string[] {
  return SEALED_FIELDS[collection] ?? [];
}

/** Texts are sealed; null and the like stay what they are. */
export function sealField(sealer: Sealer, collection: string, field: string, value: unknown): unknown {
  return typeof value === 'string' ? sealer.seal(value, `${collection}.${field}`) : value;
}

/** Empty where the key is lost for good: who uses it then says what is missing. Throws a server Fault when the value can't be opened for another reason. */
export function openField(sealer: Sealer, collection: string, field: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return sealer.open(value, `${collection}.${field}`);
  } catch (error) {
    if (!(error instanceof SealFault)) throw error;
    if (error.lost) return '';
    throw new Fault('server', 'SERVERBUG', error.message, { cause: error });
  }
}

type SealingDoc = { _id: string; keyId: string };

/**
 * To be asked before anything is read: Fault CANNOT (user) when the database is sealed with a key that this worker has not. Going on would lose mail's signatures and
 * certificates without a word.
 */
export async function checkSealingKey(database: Database): Promise<void> {
  const { sealer } = database;
  const meta = database.main.collection<SealingDoc>('meta');
  const known = (await guarded(() => meta.findOne({ _id: 'sealing' })))?.keyId;
  if (known !== undefined && !sealer.knows(known) && !sealer.isLost(known)) {
    throw new Fault(
      'user',
      'CANNOT',
      `The secrets in the database are sealed with the key ${known}, and ${sealer.keyId === undefined ? 'there is no key here' : `the key here is ${sealer.keyId}`}. ` +
        `Put back the file of sealing keys (from a backup, or from another worker). If the key is lost for good, add the line "lost ${known}" to that file: ` +
        'DKIM keys, certificates, one-time codes and stored passwords must then be given again.',
    );
  }
  if (sealer.keyId === undefined || known === sealer.keyId) return;
  const { keyId } = sealer;
  await guarded(() => meta.updateOne({ _id: 'sealing' }, { $set: { keyId } }, { upsert: true, ...database.concerns.durable }));
}

const BATCH = 200;

/**
 * Seals what is plain or sealed with an older key; answers how many values. May run anywhere, any number of times, beside anything: a value that changed meanwhile stays
 * what it has become. What no key here opens is left.
 */
export async function reseal(database: Database): Promise<number> {
  const { sealer } = database;
  if (sealer.keyId === undefined) return 0;
  let done = 0;
  for (const [name, fields] of Object.entries(SEALED_FIELDS)) {
    for (const field of fields) {
      let after: unknown;
      for (;;) {
        const docs = await stale(database, name, field, after);
        for (const doc of docs) if (await resealOne(database, name, field, doc)) done += 1;
        if (docs.length < BATCH) break;
        after = docs.at(-1)?._id;
      }
    }
  }
  return done;
}

function stale(database: Database, name: string, field: string, after: unknown): Promise<Document[]> {
  const current = `^sealed:1:${database.sealer.keyId ?? ''}:`;
  const filter: Document = {
    [field]: { $exists: true, $ne: null, $not: { $regex: current } },
    ...(after === undefined ? {} : { _id: { $gt: after } }),
  };
  const cursor = database.main.collection(name).find(filter, { projection: { [field]: 1 } });
  return guarded(() => cursor.sort({ _id: 1 }).limit(BATCH).toArray());
}

async function resealOne(database: Database, name: string, field: string, doc: Document): Promise<boolean> {
  const before: unknown = doc[field];
  let sealed: unknown;
  try {
    const plain =
      typeof before === 'string' ? database.sealer.open(before, `${name}.${field}`) : octetsOf(before)?.toString('base64');
    if (plain === undefined) return false;
    sealed = database.sealer.seal(plain, `${name}.${field}`);
  } catch (error) {
    if (error instanceof SealFault) return false;
    throw error;
  }
  const filter = { _id: doc['_id'] as ObjectId, [field]: before };
  const result = await guarded(() =>
    database.main.collection(name).updateOne(filter, { $set: { [field]: sealed } }, database.concerns.durable),
  );
  return result.modifiedCount === 1;
}

/** Secrets were octets before they were sealed. */
function octetsOf(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  const binary = value as { value?: () => Uint8Array } | null;
  return typeof binary?.value === 'function' ? Buffer.from(binary.value()) : undefined;
}
