/**
 * Traditional crypt(3), the 13 characters that old /etc/shadow files hold: the zero block enciphered 25 times with DES (FIPS 46-3), whose expansion the salt disturbs.
 * Looks at the first eight characters of a password only. For checking what is brought along, never for making.
 */
import { timingSafeEqual } from 'node:crypto';

const DES_CRYPT = /^[./0-9A-Za-z]{13}$/;
const ITOA64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ROUNDS = 16;
const TIMES = 25;

/** Bit numbers of the standard begin at 1. */
const bits = (text: string): readonly number[] => text.split(' ').map((one) => Number(one) - 1);

const PC1 = bits(
  '57 49 41 33 25 17 9 1 58 50 42 34 26 18 10 2 59 51 43 35 27 19 11 3 60 52 44 36 63 55 47 39 31 23 15 7 62 54 46 38 30 22 14 6 61 53 45 37 29 21 13 5 28 20 12 4',
);
const PC2 = bits(
  '14 17 11 24 1 5 3 28 15 6 21 10 23 19 12 4 26 8 16 7 27 20 13 2 41 52 31 37 47 55 30 40 51 45 33 48 44 49 39 56 34 53 46 42 50 36 29 32',
);
const SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1] as const;
const EXPANSION = bits(
  '32 1 2 3 4 5 4 5 6 7 8 9 8 9 10 11 12 13 12 13 14 15 16 17 16 17 18 19 20 21 20 21 22 23 24 25 24 25 26 27 28 29 28 29 30 31 32 1',
);
const P = bits('16 7 20 21 29 12 28 17 1 15 23 26 5 18 31 10 2 8 24 14 32 27 3 9 19 13 30 6 22 11 4 25');
const FINAL = bits(
  '40 8 48 16 56 24 64 32 39 7 47 15 55 23 63 31 38 6 46 14 54 22 62 30 37 5 45 13 53 21 61 29 36 4 44 12 52 20 60 28 35 3 43 11 51 19 59 27 34 2 42 10 50 18 58 26 33 1 41 9 49 17 57 25',
);
/** Each box: four rows of sixteen hex digits. */
const BOXES: readonly string[] = [
  'e4d12fb83a6c5907' + '0f74e2d1a6cb9538' + '41e8d62bfc973a50' + 'fc8249175b3ea06d',
  'f18e6b34972dc05a' + '3d47f28ec01a69b5' + '0e7ba4d158c6932f' + 'd8a13f42b67c05e9',
  'a09e63f51dc7b428' + 'd709346a285ecbf1' + 'd6498f30b12c5ae7' + '1ad069874fe3b52c',
  '7de3069a1285bc4f' + 'd8b56f03472c1ae9' + 'a690cb7df13e5284' + '3f06a1d8945bc72e',
  '2c417ab6853fd0e9' + 'eb2c47d150fa3986' + '421bad78f9c5630e' + 'b8c71e2d6f09a453',
  'c1af92680d34e75b' + 'af427c9561de0b38' + '9ef528c3704a1db6' + '432c95fabe17608d',
  '4b2ef08d3c975a61' + 'd0b7491ae35c2f86' + '14bdc37eaf680592' + '6bd814a7950fe23c',
  'd2846fb1a93e50c7' + '1fd8a374c56b0e92' + '7b419ce206adf358' + '21e74a8dfc90356b',
];

export function isDesCrypt(stored: string): boolean {
  return DES_CRYPT.test(stored);
}

export function verifyDesCrypt(password: string, stored: string): Promise<boolean> {
  if (!isDesCrypt(stored)) return Promise.resolve(false);
  return Promise.resolve(timingSafeEqual(Buffer.from(desCrypt(password, stored.slice(0, 2))), Buffer.from(stored)));
}

function desCrypt(password: string, salt: string): string {
  const keys = schedule(keyBits(Buffer.from(password)));
  const expansion = saltedExpansion(salt);
  let left = new Uint8Array(32);
  let right = new Uint8Array(32);
  for (let time = 0; time < TIMES; time += 1) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const mixed = feistel(right, keys[round]!, expansion);
      for (let at = 0; at < 32; at += 1) mixed[at]! ^= left[at]!;
      left = right;
      right = mixed;
    }
    // The standard swaps the halves at the end, and undoes by it what the next initial permutation would need.
    [left, right] = [right, left];
  }
  const block = [...left, ...right];
  const output = [...FINAL.map((at) => block[at]!), 0, 0];
  let text = salt;
  for (let at = 0; at < 66; at += 6) text += ITOA64[output.slice(at, at + 6).reduce((sum, bit) => sum * 2 + bit, 0)];
  return text;
}

/** Seven bits of each of the first eight octets; the eighth is the parity that nothing looks at. */
function keyBits(password: Buffer): Uint8Array {
  const key = new Uint8Array(64);
  for (let octet = 0; octet < Math.min(8, password.length); octet += 1)
    for (let bit = 0; bit < 7; bit += 1) key[octet * 8 + bit] = (password[octet]! >> (6 - bit)) & 1;
  return key;
}

function schedule(key: Uint8Array): Uint8Array[] {
  const chosen = PC1.map((at) => key[at]!);
  let c = chosen.slice(0, 28);
  let d = chosen.slice(28);
  return SHIFTS.map((shift) => {
    c = [...c.slice(shift), ...c.slice(0, shift)];
    d = [...d.slice(shift), ...d.slice(0, shift)];
    const joined = [...c, ...d];
    return Uint8Array.from(PC2, (at) => joined[at]!);
  });
}

/** Each bit of the salt that is set exchanges two places of the expansion. */
function saltedExpansion(salt: string): number[] {
  const expansion = [...EXPANSION];
  for (let character = 0; character < 2; character += 1) {
    const value = ITOA64.indexOf(salt[character]!);
    for (let bit = 0; bit < 6; bit += 1) {
      if (((value >> bit) & 1) === 0) continue;
      const at = character * 6 + bit;
      [expansion[at], expansion[at + 24]] = [expansion[at + 24]!, expansion[at]!];
    }
  }
  return expansion;
}

function feistel(half: Uint8Array, key: Uint8Array, expansion: readonly number[]): Uint8Array<ArrayBuffer> {
  const substituted = new Uint8Array(32);
  for (let box = 0; box < 8; box += 1) {
    const at = box * 6;
    const bit = (offset: number): number => half[expansion[at + offset]!]! ^ key[at + offset]!;
    const row = bit(0) * 2 + bit(5);
    const column = bit(1) * 8 + bit(2) * 4 + bit(3) * 2 + bit(4);
    const value = Number.parseInt(BOXES[box]![row * 16 + column]!, 16);
    for (let offset = 0; offset < 4; offset += 1) substituted[box * 4 + offset] = (value >> (3 - offset)) & 1;
  }
  return Uint8Array.from(P, (from) => substituted[from]!);
}
