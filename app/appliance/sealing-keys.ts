/**
 * The keys that seal what is secret in the database and in the settings: `secrets/sealing.keys`, readable by this user alone, outside both. A backup without this file brings
 * the mail back, but not DKIM keys, certificates, one-time codes and stored passwords.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createSealer, newSealingKey, parseKeyring, type Sealer } from '../../server/base/sealing.ts';
import { writePrivately } from './secrets.ts';

const HEAD = `# Mallard: keys of this installation. They open what is secret in its database and settings: keep this file private, and in every backup.
# The first key seals, all of them open. "mallard secrets rotate" adds one.
`;

export function sealingKeysFile(secretsFolder: string): string {
  return path.join(secretsFolder, 'sealing.keys');
}

/** The file's text; undefined: there is none yet. */
export function trySealingKeys(secretsFolder: string): string | undefined {
  try {
    return readFileSync(sealingKeysFile(secretsFolder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** The file's text; made when there is none. Throws SealFault when somebody has spoilt it: a new key would lock us out of what is stored. */
export function ensureSealingKeys(secretsFolder: string): string {
  const kept = trySealingKeys(secretsFolder);
  if (kept !== undefined && parseKeyring(kept).keys.length > 0) return kept;
  const text = `${kept ?? HEAD}${newSealingKey()}\n`;
  writePrivately(sealingKeysFile(secretsFolder), text);
  return text;
}

/** Puts a new key before the others, which stay: they open what is not sealed anew yet, and older backups. Not while an appliance runs on it. */
export function rotateSealingKeys(secretsFolder: string): void {
  const before = trySealingKeys(secretsFolder) ?? '';
  parseKeyring(before);
  const rest = before.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  writePrivately(sealingKeysFile(secretsFolder), `${HEAD}${[newSealingKey(), ...rest].join('\n')}\n`);
}

/** For reading: makes no file. */
export function sealerOf(secretsFolder: string): Sealer {
  return createSealer(parseKeyring(trySealingKeys(secretsFolder) ?? ''));
}
