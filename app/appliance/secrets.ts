/** Tokens that this installation makes for itself and keeps in files that only this user can read. */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** 256 bits, in a form that fits into a header or a URL. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The token in that file; made when there is none. */
export function ensureToken(folder: string, name: string): string {
  const file = path.join(folder, name);
  try {
    const kept = readFileSync(file, 'utf8').trim();
    if (kept.length >= 32) return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = newToken();
  writePrivately(file, `${token}\n`);
  return token;
}

/** Replaces the file whole; mode 0600. */
export function writePrivately(file: string, content: string): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
