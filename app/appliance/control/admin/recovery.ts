/** Codes and keys for people to print: long random texts without look-alike characters; only their hashes are kept. */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** 31 characters: nearly five bits each. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
const codeCount = 10;

/** `length` characters in groups of five. */
function makeText(length: number): string {
  const characters = Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
  return (characters.match(/.{1,5}/g) ?? []).join('-');
}

/** 148 bits, in six groups. */
export function makeRecoveryKey(): string {
  return makeText(30);
}

/** Ten codes of 49 bits: each works once, and a wrong one costs time. */
export function makeRecoveryCodes(): string[] {
  return Array.from({ length: codeCount }, () => makeText(10));
}

export function hashOf(text: string): string {
  return createHash('sha256').update(plain(text)).digest('base64url');
}

/** The position of the hash that this text has, or -1. */
export function findHash(text: string, hashes: readonly string[]): number {
  const own = Buffer.from(hashOf(text));
  let found = -1;
  hashes.forEach((each, index) => {
    const other = Buffer.from(each);
    if (other.length === own.length && timingSafeEqual(other, own)) found = index;
  });
  return found;
}

/** As people type it: with or without the hyphens, in capitals or not. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
