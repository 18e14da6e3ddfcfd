/**
 * The appliance's own part of a backup: settings, certificates and secrets as files; and what of it a restore takes over. What belongs to one machine or one database stays behind: passwords of
 * the bundled databases, tokens, sessions, where the databases and the backups are.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { parseKeyring } from '../../../server/base/sealing.ts';
import { type DataPaths, dataPaths } from '../paths.ts';
import { sealingKeysFile, trySealingKeys } from '../sealing-keys.ts';
import { writePrivately } from '../secrets.ts';
import { openSettings } from '../settings/open.ts';
import type { SettingName } from '../settings/registry.ts';
import type { Changes, Settings } from '../settings/store.ts';

/** In the secrets folder; each is made anew where it is missing, or no use elsewhere. */
const NOT_PORTABLE = new Set(['databases.json', 'api-token', 'sessions.json', 'user-sessions.json', 'backup-key.json']);
/** Settings that say where this machine has its servers, its GUI and its backups. */
const OF_THIS_MACHINE = /^(mongo\.|redis\.|gui\.|backup\.folder$)/;

export type ApplianceFile = { readonly name: string; readonly path: string };

/** Writes a consistent copy of the settings into `scratch`, and names all files to keep. */
export function applianceFiles(paths: DataPaths, scratch: string): ApplianceFile[] {
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const copy = path.join(scratch, 'settings.sqlite');
  const source = new Database(paths.settings, { readonly: true, fileMustExist: true });
  try {
    source.prepare('VACUUM INTO ?').run(copy);
  } finally {
    source.close();
  }
  if (process.platform !== 'win32') chmodSync(copy, 0o600);
  const inside = (folder: string, name: string): ApplianceFile[] =>
    readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.new') && !NOT_PORTABLE.has(entry.name))
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return { name: `${name}/${path.relative(folder, file).replaceAll(path.sep, '/')}`, path: file };
      });
  return [
    { name: 'settings/settings.sqlite', path: copy },
    ...inside(paths.certificates, 'certificates'),
    ...inside(paths.secrets, 'secrets'),
  ];
}

/**
 * To be called before workers start on a restored database: its secrets are sealed with the keys of the backup. The keys that are here stay behind them.
 */
export function takeSealingKeys(paths: DataPaths, restored: string): void {
  const brought = trySealingKeys(path.join(restored, 'secrets'));
  if (brought === undefined) return;
  parseKeyring(brought);
  const known = new Set(brought.split('\n').map((line) => line.trim()));
  const rest = (trySealingKeys(paths.secrets) ?? '')
    .split('\n')
    .filter((line) => !line.startsWith('#') && !known.has(line.trim()));
  writePrivately(
    sealingKeysFile(paths.secrets),
    `${brought.trimEnd()}\n${rest.filter((line) => line.trim() !== '').join('\n')}\n`,
  );
}

/** Settings, certificates and the other secrets of a restored backup. @returns the settings that changed */
export function takeApplianceFiles(paths: DataPaths, settings: Settings, restored: string): SettingName[] {
  const from = dataPaths(restored);
  if (existsSync(from.certificates)) cpSync(from.certificates, paths.certificates, { recursive: true });
  if (existsSync(from.secrets)) {
    for (const name of readdirSync(from.secrets)) {
      if (NOT_PORTABLE.has(name) || path.join(from.secrets, name) === sealingKeysFile(from.secrets)) continue;
      writePrivately(path.join(paths.secrets, name), readFileSync(path.join(from.secrets, name), 'utf8'));
    }
  }
  if (!existsSync(from.settings)) return [];
  const brought = openSettings(from);
  try {
    const changes = new Map<SettingName, unknown>();
    for (const { name, origin, value } of brought.list())
      if (origin === 'stored' && !OF_THIS_MACHINE.test(name)) changes.set(name, value);
    return settings.set(changes as Changes, 'restore');
  } finally {
    brought.close();
  }
}
