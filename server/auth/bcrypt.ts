/** bcrypt, for checking imported hashes: `$2a$`, `$2b$`, `$2y$`. Works in slices, so that other connections are served meanwhile. */
import { timingSafeEqual } from 'node:crypto';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { encryptBlock, expandKey, initialBlowfish } from './blowfish.ts';

const BCRYPT = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const MIN_COST = 4;
/** 2^15 rounds are seconds already. */
const MAX_COST = 15;
const MAX_KEY_BYTES = 72;
const SLICE_ROUNDS = 16;

export function isBcrypt(stored: string): boolean {
  const match = BCRYPT.exec(stored);
  return match !== null && Number(match[1]) >= MIN_COST && Number(match[1]) <= MAX_COST;
}

export async function verifyBcrypt(password: string, stored: string): Promise<boolean> {
  const match = BCRYPT.exec(stored);
  if (match === null || !isBcrypt(stored)) return false;
  const hash = await bcrypt(Buffer.from(password), Number(match[1]), decode(match[2]!, 16));
  return timingSafeEqual(hash, decode(match[3]!, 23));
}

async function bcrypt(password: Buffer, cost: number, salt: Buffer): Promise<Buffer> {
  const key = Buffer.concat([password, Buffer.of(0)]).subarray(0, MAX_KEY_BYTES);
  const state = initialBlowfish();
  expandKey(state, key, salt);
  for (let round = 0, rounds = 2 ** cost; round < rounds; round += 1) {
    expandKey(state, key);
    expandKey(state, salt);
    if (round % SLICE_ROUNDS === SLICE_ROUNDS - 1) await yieldToOthers();
  }
  const text = Buffer.from('OrpheanBeholderScryDoubt');
  const words = Int32Array.from({ length: 6 }, (_, at) => text.readInt32BE(at * 4));
  for (let at = 0; at < words.length; at += 2) for (let n = 0; n < 64; n += 1) encryptBlock(state, words, at);
  const out = Buffer.alloc(24);
  words.forEach((word, at) => out.writeInt32BE(word, at * 4));
  return out.subarray(0, 23);
}

/** bcrypt's own base64: another alphabet, bits from the top. */
function decode(text: string, length: number): Buffer {
  const out = Buffer.alloc(length);
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const char of text) {
    value = (value << 6) | ALPHABET.indexOf(char);
    bits += 6;
    if (bits >= 8 && at < length) {
      bits -= 8;
      out[at] = (value >>> bits) & 255;
      at += 1;
    }
  }
  return out;
}
