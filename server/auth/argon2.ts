/** argon2 (RFC 9106) by Node's own crypto, in PHC strings. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { type PhcString, encodePhc, tryPhc } from './phc.ts';

export type Argon2Cost = {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
};

/** 19 MiB and two passes: the OWASP minimum for argon2id, about 40 ms here; memory is what a login storm costs, so not more. */
export const DEFAULT_ARGON2_COST: Argon2Cost = { memoryKib: 19_456, passes: 2, lanes: 1 };

const VERSION = 19;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** What a foreign hash may ask of this machine. */
const MAX_COST: Argon2Cost = { memoryKib: 262_144, passes: 64, lanes: 16 };

type Algorithm = 'argon2id' | 'argon2i' | 'argon2d';

export async function hashArgon2id(message: Buffer, cost: Argon2Cost): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await compute('argon2id', message, salt, cost, HASH_BYTES);
  const parameters = new Map([
    ['m', String(cost.memoryKib)],
    ['t', String(cost.passes)],
    ['p', String(cost.lanes)],
  ]);
  return encodePhc({ id: 'argon2id', version: VERSION, parameters, salt, hash });
}

/** Undefined when the text is no argon2 hash that can be checked here. */
export function tryArgon2(
  stored: string,
): { readonly phc: PhcString; readonly algorithm: Algorithm; readonly cost: Argon2Cost } | undefined {
  const phc = tryPhc(stored);
  if (phc === undefined || !isAlgorithm(phc.id) || phc.version !== VERSION) return undefined;
  const cost = { memoryKib: number(phc, 'm'), passes: number(phc, 't'), lanes: number(phc, 'p') };
  const fits =
    cost.passes >= 1 &&
    cost.lanes >= 1 &&
    cost.memoryKib >= 8 * cost.lanes &&
    cost.memoryKib <= MAX_COST.memoryKib &&
    cost.passes <= MAX_COST.passes &&
    cost.lanes <= MAX_COST.lanes &&
    phc.salt.length >= 8 &&
    phc.hash.length >= 4 &&
    phc.hash.length <= 512;
  return fits ? { phc, algorithm: phc.id, cost } : undefined;
}

export async function verifyArgon2(message: Buffer, stored: string): Promise<boolean> {
  const known = tryArgon2(stored);
  if (known === undefined) return false;
  const hash = await compute(known.algorithm, message, known.phc.salt, known.cost, known.phc.hash.length);
  return timingSafeEqual(hash, known.phc.hash);
}

/** True when the hash was made otherwise than a new one would be: time to make it anew. */
export function isOutdatedArgon2(stored: string, cost: Argon2Cost): boolean {
  const known = tryArgon2(stored);
  if (known === undefined || known.algorithm !== 'argon2id' || known.phc.hash.length < HASH_BYTES) return true;
  return known.cost.memoryKib !== cost.memoryKib || known.cost.passes !== cost.passes || known.cost.lanes !== cost.lanes;
}

function compute(algorithm: Algorithm, message: Buffer, nonce: Buffer, cost: Argon2Cost, tagLength: number): Promise<Buffer> {
  const parameters = { message, nonce, parallelism: cost.lanes, tagLength, memory: cost.memoryKib, passes: cost.passes };
  return new Promise((resolve, reject) => {
    argon2(algorithm, parameters, (error, hash) => (error === null || error === undefined ? resolve(hash) : reject(error)));
  });
}

function isAlgorithm(id: string): id is Algorithm {
  return id === 'argon2id' || id === 'argon2i' || id === 'argon2d';
}

function number(phc: PhcString, name: string): number {
  const text = phc.parameters.get(name) ?? '';
  return /^\d{1,10}$/.test(text) ? Number(text) : 0;
}
