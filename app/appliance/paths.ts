/**
 * Every path of the appliance, in one place.
 *
 * One directory holds everything a person must back up or move: settings, secrets, certificates, databases and logs. `--data DIR` or
 * MALLARD_DATA moves it whole; nothing of value lives elsewhere. What can be made again (compiled code, fetched server binaries) lives in the
 * user's cache directory instead.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The places inside one data directory. All absolute. */
export interface DataPaths {
  readonly root: string;
  readonly settings: string;
  readonly logs: string;
  readonly metrics: string;
  /** Written while an appliance runs: where its control API listens and the token for it. Mode 0600. */
  readonly control: string;
  readonly lock: string;
  readonly run: string;
  readonly secrets: string;
  readonly adminAccount: string;
  readonly certificates: string;
  readonly mongo: string;
  readonly redis: string;
}

/** The root of the project or of the packaged app: where server/, dist/ and resources/ are. */
export const projectRoot: string = path.resolve(import.meta.dirname, '../..');

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a user's data goes by the convention of the operating system. */
export function defaultDataDir(
  env: Environment = process.env,
  platform: string = process.platform,
  home: string = homedir(),
): string {
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'Mallard');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Mallard');
  return path.join(absolute(env['XDG_DATA_HOME']) ?? path.join(home, '.local', 'share'), 'mallard');
}

/** The directory to use: the command line, then MALLARD_DATA, then the convention. */
export function chooseDataDir(option: string | undefined, env: Environment = process.env): string {
  const named = option ?? (env['MALLARD_DATA'] === '' ? undefined : env['MALLARD_DATA']);
  return named === undefined ? defaultDataDir(env) : path.resolve(named);
}

export function dataPaths(root: string): DataPaths {
  const at = (...parts: string[]): string => path.join(root, ...parts);
  return {
    root,
    settings: at('settings', 'settings.sqlite'),
    logs: at('logs', 'logs.sqlite'),
    metrics: at('logs', 'metrics.sqlite'),
    control: at('run', 'control.json'),
    lock: at('run', 'appliance.lock'),
    run: at('run'),
    secrets: at('secrets'),
    adminAccount: at('secrets', 'administrator.json'),
    certificates: at('certificates'),
    mongo: at('mongo'),
    redis: at('redis'),
  };
}

/**
 * Makes the directories, readable by this user alone: mail and secrets are inside. A root that exists keeps its mode (it may be somebody's
 * mount point or, by mistake, /tmp); what is inside is closed in any case. On Windows the ACL of the user's profile protects instead.
 */
export function makeDataDirs(paths: DataPaths): void {
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  for (const folder of [
    path.dirname(paths.settings),
    path.dirname(paths.logs),
    paths.run,
    paths.secrets,
    paths.certificates,
    paths.mongo,
    paths.redis,
  ]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (process.platform !== 'win32') chmodSync(folder, 0o700);
  }
}

/** XDG says that relative paths in its variables are to be ignored. */
function absolute(value: string | undefined): string | undefined {
  return value !== undefined && path.isAbsolute(value) ? value : undefined;
}

/** Where `npm run build` puts the GUI. */
export const builtGui: string = path.join(projectRoot, 'dist', 'ui');
