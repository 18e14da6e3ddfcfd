/**
 * As much BSON as the supervisor's commands to mongod need (hello, ping, login, users, shutdown). The driver would cost the appliance some 35 MB of
 * memory for a ping every ten seconds. Source: bsonspec.org, version 1.1.
 */

export type BsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly BsonValue[]
  | { readonly [key: string]: BsonValue };
export type BsonDocument = { readonly [key: string]: BsonValue };

export class BsonError extends Error {}

const MAX_DEPTH = 100;

/** Integers within 32 bits become int32, other numbers doubles, bigints int64. The first key of a command names it: order is kept. */
export function encodeBson(document: BsonDocument): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of Object.entries(document)) parts.push(...encodeElement(key, value));
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 5);
  return Buffer.concat([length, body, Buffer.of(0)]);
}

function encodeElement(key: string, value: BsonValue): Buffer[] {
  const name = (type: number): Buffer => Buffer.concat([Buffer.of(type), Buffer.from(key), Buffer.of(0)]);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return [name(2), int32(text.length + 1), text, Buffer.of(0)];
  }
  if (typeof value === 'number') {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return [name(16), int32(value)];
    const double = Buffer.alloc(8);
    double.writeDoubleLE(value);
    return [name(1), double];
  }
  if (typeof value === 'bigint') {
    const long = Buffer.alloc(8);
    long.writeBigInt64LE(value);
    return [name(18), long];
  }
  if (typeof value === 'boolean') return [name(8), Buffer.of(value ? 1 : 0)];
  if (value === null) return [name(10)];
  if (value instanceof Uint8Array) return [name(5), int32(value.length), Buffer.of(0), Buffer.from(value)];
  if (Array.isArray(value)) return [name(4), encodeBson(Object.fromEntries(value.entries()))];
  return [name(3), encodeBson(value as BsonDocument)];
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Types beyond those that mongod answers these commands with are a BsonError. int64 becomes a number where that is exact. */
export function decodeBson(bytes: Buffer): BsonDocument {
  try {
    return decodeDocument(bytes, 0, 0);
  } catch (error) {
    if (error instanceof RangeError) throw new BsonError('a document ends too early', { cause: error });
    throw error;
  }
}

function decodeDocument(bytes: Buffer, start: number, depth: number): BsonDocument {
  if (depth > MAX_DEPTH) throw new BsonError('nested too deeply');
  const end = start + bytes.readInt32LE(start) - 1;
  if (end > bytes.length) throw new BsonError('a document ends too early');
  const result: Record<string, BsonValue> = {};
  let at = start + 4;
  while (at < end) {
    const type = bytes.readUInt8(at);
    const keyEnd = bytes.indexOf(0, at + 1);
    if (keyEnd < 0 || keyEnd >= end) throw new BsonError('a key without end');
    const key = bytes.toString('utf8', at + 1, keyEnd);
    const [value, next] = decodeValue(bytes, type, keyEnd + 1, depth);
    result[key] = value;
    at = next;
  }
  return result;
}

function decodeValue(bytes: Buffer, type: number, at: number, depth: number): [BsonValue, number] {
  switch (type) {
    case 1:
      return [bytes.readDoubleLE(at), at + 8];
    case 2: {
      const length = bytes.readInt32LE(at);
      return [bytes.toString('utf8', at + 4, at + 4 + length - 1), at + 4 + length];
    }
    case 3:
      return [decodeDocument(bytes, at, depth + 1), at + bytes.readInt32LE(at)];
    case 4:
      return [Object.values(decodeDocument(bytes, at, depth + 1)), at + bytes.readInt32LE(at)];
    case 5: {
      const length = bytes.readInt32LE(at);
      return [bytes.subarray(at + 5, at + 5 + length), at + 5 + length];
    }
    case 7:
      return [bytes.toString('hex', at, at + 12), at + 12];
    case 8:
      return [bytes.readUInt8(at) === 1, at + 1];
    case 10:
      return [null, at];
    case 16:
      return [bytes.readInt32LE(at), at + 4];
    // A date, a timestamp and an int64 are all eight bytes.
    case 9:
    case 17:
    case 18: {
      const long = bytes.readBigInt64LE(at);
      return [Number.isSafeInteger(Number(long)) ? Number(long) : long, at + 8];
    }
    default:
      throw new BsonError(`unexpected type ${type}`);
  }
}
