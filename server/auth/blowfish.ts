/**
 * Blowfish (Schneier 1993) with bcrypt's expensive key schedule (Provos and Mazières 1999). For checking imported hashes only.
 * The initial tables are the fraction of π, so they are computed, once, when the first bcrypt hash is met.
 */

const ROUNDS = 16;
const P_WORDS = ROUNDS + 2;
const S_WORDS = 4 * 256;

export type BlowfishState = { readonly p: Int32Array; readonly s: Int32Array };

let initial: BlowfishState | undefined;

export function initialBlowfish(): BlowfishState {
  initial ??= tablesFromPi();
  return { p: initial.p.slice(), s: initial.s.slice() };
}

/** The first 1042 32-bit words of π's fraction, by Machin's formula in fixed point. */
function tablesFromPi(): BlowfishState {
  const bits = BigInt((P_WORDS + S_WORDS) * 32);
  const guard = 64n;
  const one = 1n << (bits + guard);
  const pi = 16n * arctanOfInverse(5n, one) - 4n * arctanOfInverse(239n, one);
  let hex = ((pi >> guard) & ((1n << bits) - 1n)).toString(16);
  hex = hex.padStart((P_WORDS + S_WORDS) * 8, '0');
  const words = Int32Array.from({ length: P_WORDS + S_WORDS }, (_, at) => Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16) | 0);
  return { p: words.slice(0, P_WORDS), s: words.slice(P_WORDS) };
}

function arctanOfInverse(x: bigint, one: bigint): bigint {
  const square = x * x;
  let power = one / x;
  let sum = power;
  for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
    power /= square;
    sum += (sign * power) / n;
  }
  return sum;
}

/** Encrypts the block (pair[at], pair[at + 1]) in place. */
export function encryptBlock({ p, s }: BlowfishState, pair: Int32Array, at: number): void {
  let left = pair[at]! ^ p[0]!;
  let right = pair[at + 1]!;
  for (let round = 1; round <= ROUNDS; round += 2) {
    right ^= feistel(s, left) ^ p[round]!;
    left ^= feistel(s, right) ^ p[round + 1]!;
  }
  pair[at] = right ^ p[ROUNDS + 1]!;
  pair[at + 1] = left;
}

function feistel(s: Int32Array, word: number): number {
  return (
    (((s[(word >>> 24) & 255]! + s[256 + ((word >>> 16) & 255)]!) ^ s[512 + ((word >>> 8) & 255)]!) + s[768 + (word & 255)]!) | 0
  );
}

/** The bytes as a repeating stream of big-endian words. */
function cycle(bytes: Uint8Array): () => number {
  let at = 0;
  return () => {
    let word = 0;
    for (let n = 0; n < 4; n += 1) {
      word = (word << 8) | bytes[at]!;
      at = at + 1 === bytes.length ? 0 : at + 1;
    }
    return word;
  };
}

/** ExpandKey of bcrypt; without salt it is Blowfish's own key schedule. */
export function expandKey(state: BlowfishState, key: Uint8Array, salt?: Uint8Array): void {
  const keyWord = cycle(key);
  for (let at = 0; at < P_WORDS; at += 1) state.p[at] = state.p[at]! ^ keyWord();
  const saltWord = salt === undefined ? () => 0 : cycle(salt);
  const block = new Int32Array(2);
  for (const table of [state.p, state.s]) {
    for (let at = 0; at < table.length; at += 2) {
      block[0] = block[0]! ^ saltWord();
      block[1] = block[1]! ^ saltWord();
      encryptBlock(state, block, 0);
      table[at] = block[0]!;
      table[at + 1] = block[1]!;
    }
  }
}
