/**
 * The crypt(3) forms that imports bring: MD5-crypt (`$1$`, `$apr1$`) after Poul-Henning Kamp, SHA-crypt (`$5$`, `$6$`) after Ulrich Drepper's
 * specification. For checking only.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

const ITOA64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const MD5_CRYPT = /^\$(1|apr1)\$([^$]{0,8})\$([./0-9A-Za-z]{22})$/;
const SHA_CRYPT = /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$]{0,16})\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/;
const DEFAULT_ROUNDS = 5000;
const MIN_ROUNDS = 1000;
/** The specification allows 999,999,999; that would be hours. */
const MAX_ROUNDS = 2_000_000;

export function isUnixCrypt(stored: string): boolean {
  const sha = SHA_CRYPT.exec(stored);
  return MD5_CRYPT.test(stored) || (sha !== null && Number(sha[2] ?? DEFAULT_ROUNDS) <= MAX_ROUNDS);
}

export async function verifyUnixCrypt(password: string, stored: string): Promise<boolean> {
  const md5 = MD5_CRYPT.exec(stored);
  if (md5 !== null) return same(md5Crypt(Buffer.from(password), `$${md5[1]}$`, md5[2]!), md5[3]!);
  const sha = SHA_CRYPT.exec(stored);
  if (sha === null || !isUnixCrypt(stored)) return false;
  const rounds = Math.max(MIN_ROUNDS, Number(sha[2] ?? DEFAULT_ROUNDS));
  return same(await shaCrypt(sha[1] === '5' ? 'sha256' : 'sha512', Buffer.from(password), Buffer.from(sha[3]!), rounds), sha[4]!);
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function md5Crypt(password: Buffer, magic: string, saltText: string): string {
  const salt = Buffer.from(saltText);
  const inner = digest('md5', [password, salt, password]);
  const start = [password, Buffer.from(magic), salt, repeat(inner, password.length)];
  for (let n = password.length; n > 0; n >>= 1) start.push((n & 1) === 1 ? Buffer.of(0) : password.subarray(0, 1));
  let sum = digest('md5', start);
  for (let round = 0; round < 1000; round += 1) {
    const pieces = [(round & 1) === 1 ? password : sum];
    if (round % 3 !== 0) pieces.push(salt);
    if (round % 7 !== 0) pieces.push(password);
    pieces.push((round & 1) === 1 ? sum : password);
    sum = digest('md5', pieces);
  }
  const triples = [0, 1, 2, 3].map((at) => [at, at + 6, at + 12]);
  return encodeTriples(sum, [...triples, [4, 10, 5]]) + encodeBits(sum[11]!, 2);
}

async function shaCrypt(hash: 'sha256' | 'sha512', password: Buffer, salt: Buffer, rounds: number): Promise<string> {
  const inner = digest(hash, [password, salt, password]);
  const start = [password, salt, repeat(inner, password.length)];
  for (let n = password.length; n > 0; n >>= 1) start.push((n & 1) === 1 ? inner : password);
  let sum = digest(hash, start);
  const p = repeat(
    digest(
      hash,
      Array.from({ length: password.length }, () => password),
    ),
    password.length,
  );
  const s = repeat(
    digest(
      hash,
      Array.from({ length: 16 + sum[0]! }, () => salt),
    ),
    salt.length,
  );
  for (let round = 0; round < rounds; round += 1) {
    const pieces = [(round & 1) === 1 ? p : sum];
    if (round % 3 !== 0) pieces.push(s);
    if (round % 7 !== 0) pieces.push(p);
    pieces.push((round & 1) === 1 ? sum : p);
    sum = digest(hash, pieces);
    if (round % 1000 === 999) await yieldToOthers();
  }
  return hash === 'sha256' ? encodeSha256(sum) : encodeSha512(sum);
}

/** Bytes (0, 10, 20), (21, 1, 11), … as the specification orders them; the last two make three characters. */
function encodeSha256(sum: Buffer): string {
  const triples = Array.from({ length: 10 }, (_, n) => rotate([n, n + 10, n + 20], n, [0, 2, 1]));
  return encodeTriples(sum, triples) + encodeBits((sum[31]! << 8) | sum[30]!, 3);
}

function encodeSha512(sum: Buffer): string {
  const triples = Array.from({ length: 21 }, (_, n) => rotate([n, n + 21, n + 42], n, [0, 1, 2]));
  return encodeTriples(sum, triples) + encodeBits(sum[63]!, 2);
}

/** Turns a triple left by the step's place in the cycle. */
function rotate(triple: readonly number[], step: number, shifts: readonly number[]): number[] {
  const shift = shifts[step % 3]!;
  return [0, 1, 2].map((at) => triple[(at + shift) % 3]!);
}

function encodeTriples(sum: Buffer, triples: readonly (readonly number[])[]): string {
  return triples.map(([a, b, c]) => encodeBits((sum[a!]! << 16) | (sum[b!]! << 8) | sum[c!]!, 4)).join('');
}

function encodeBits(value: number, chars: number): string {
  let text = '';
  for (let n = 0; n < chars; n += 1) text += ITOA64[(value >> (6 * n)) & 63]!;
  return text;
}

function digest(hash: string, pieces: readonly Buffer[]): Buffer {
  const sum = createHash(hash);
  for (const piece of pieces) sum.update(piece);
  return sum.digest();
}

function repeat(bytes: Buffer, length: number): Buffer {
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}
