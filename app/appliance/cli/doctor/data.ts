/** Checks of the data directory: permissions, free space, settings, certificate. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import path from 'node:path';
import type { DataPaths } from '../../paths.ts';
import { formatBytes } from '../../settings/quantity.ts';
import type { Settings } from '../../settings/store.ts';
import { fail, type Finding, ok, warn } from './check.ts';

const gibibyte = 1024 ** 3;
const day = 86_400_000;

export function checkData(paths: DataPaths, settings: Settings | undefined): Finding[] {
  return [checkFolder(paths), ...checkSecrets(paths), checkDisk(paths), ...checkSettings(settings), ...checkCertificate(paths)];
}

function checkFolder(paths: DataPaths): Finding {
  const existing = nearestExisting(paths.root);
  try {
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return fail(
      'data directory',
      `this user cannot write to ${existing}`,
      `Give it to this user, or choose another one with --data or MALLARD_DATA.`,
    );
  }
  const stat = statSync(existing);
  const uid = process.getuid?.();
  if (existing === paths.root && uid !== undefined && stat.uid !== uid) {
    return fail(
      'data directory',
      `${paths.root} belongs to another user (uid ${stat.uid})`,
      'Run Mallard as that user, or give the directory to this one with chown -R.',
    );
  }
  return ok('data directory', existing === paths.root ? paths.root : `${paths.root} (will be made)`);
}

function checkSecrets(paths: DataPaths): Finding[] {
  if (process.platform === 'win32') return [];
  const open = [paths.secrets, paths.certificates]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [
      folder,
      ...readdirSync(folder)
        .filter((name) => !name.endsWith('.crt'))
        .map((name) => path.join(folder, name)),
    ])
    .filter((file) => (statSync(file).mode & 0o077) !== 0);
  if (open.length === 0) return [ok('permissions', 'secrets are readable by this user alone')];
  return [fail('permissions', `others can read ${open.join(', ')}`, `chmod go= ${open.map((file) => `'${file}'`).join(' ')}`)];
}

function checkDisk(paths: DataPaths): Finding {
  const stat = statfsSync(nearestExisting(paths.root));
  const free = stat.bavail * stat.bsize;
  const message = `${formatBytes(free)} free of ${formatBytes(stat.blocks * stat.bsize)} where the data is`;
  if (free < 0.5 * gibibyte)
    return fail(
      'disk',
      message,
      'The databases stop when the disk is full. Free some space, or move the data directory to another disk.',
    );
  if (free < 5 * gibibyte) return warn('disk', message, 'Free some space soon, or move the data directory to another disk.');
  return ok('disk', message);
}

function checkSettings(settings: Settings | undefined): Finding[] {
  if (settings === undefined) return [];
  if (settings.rejected.length === 0) return [ok('settings', 'all stored settings are valid')];
  return settings.rejected.map(({ name, reason }) =>
    warn(
      'settings',
      `${name} is not used: ${reason.split('\n')[0] ?? ''}`,
      `Set it again, or go back to the default: mallard config set ${name} --default`,
    ),
  );
}

function checkCertificate(paths: DataPaths): Finding[] {
  const file = path.join(paths.certificates, 'server.crt');
  if (!existsSync(file)) return [];
  const days = Math.floor((new X509Certificate(readFileSync(file)).validToDate.getTime() - Date.now()) / day);
  const remedy = 'A running Mallard renews it by itself; see mallard logs --grep certificate.';
  if (days < 0) return [fail('certificate', `it ended ${-days} days ago`, remedy)];
  if (days < 20) return [warn('certificate', `it ends in ${days} days`, remedy)];
  return [ok('certificate', `good for ${days} more days`)];
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || path.dirname(folder) === folder ? folder : nearestExisting(path.dirname(folder));
}
