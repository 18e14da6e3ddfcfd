/** What the service commands need of the machine, as one value, so that a test can be any system. */
import { execFile, execFileSync } from 'node:child_process';
import { chownSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';

export interface RunResult {
  readonly code: number;
  readonly output: string;
}

export interface Account {
  readonly name: string;
  readonly home: string;
  /** Undefined on Windows. */
  readonly ids?: { readonly uid: number; readonly gid: number };
}

export interface ServiceHost {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether this process may change services of the system. */
  readonly isAdministrator: () => boolean;
  /** The account of that name; without a name, of whoever asked (through sudo, too). Undefined when there is none. */
  readonly account: (name?: string) => Account | undefined;
  readonly run: (file: string, args: readonly string[]) => Promise<RunResult>;
  readonly exists: (file: string) => boolean;
  readonly write: (file: string, text: string) => void;
  readonly copy: (from: string, to: string) => void;
  readonly remove: (file: string) => void;
  /** Makes the folder for that account alone, where it does not exist. */
  readonly makeFolder: (folder: string, owner: Account) => void;
}

const toolTimeoutMs = 240_000;

export function localServiceHost(): ServiceHost {
  const { platform, env } = process;
  return {
    platform,
    env,
    isAdministrator: () => (platform === 'win32' ? isElevated() : process.geteuid?.() === 0),
    account: (name) => (platform === 'win32' ? { name: name ?? userInfo().username, home: homedir() } : posixAccount(name, env)),
    run: (file, args) =>
      new Promise((resolve) => {
        execFile(file, [...args], { timeout: toolTimeoutMs, windowsHide: true }, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
          resolve({ code, output: `${stdout}${stderr}`.trim() || (code === 127 ? (error?.message ?? '') : '') });
        });
      }),
    exists: existsSync,
    write: (file, text) => writeFileSync(file, text, { mode: 0o644 }),
    copy: copyFileSync,
    remove: (file) => rmSync(file, { force: true, recursive: true }),
    makeFolder: (folder, owner) => {
      if (existsSync(folder)) return;
      const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (first !== undefined && owner.ids !== undefined)
        for (const each of foldersFrom(first, folder)) chownSync(each, owner.ids.uid, owner.ids.gid);
    },
  };
}

function posixAccount(name: string | undefined, env: ServiceHost['env']): Account | undefined {
  const wanted = name ?? env['SUDO_USER'] ?? userInfo().username;
  if (wanted === userInfo().username) return { name: wanted, home: homedir(), ids: { uid: userInfo().uid, gid: userInfo().gid } };
  if (!/^[a-z_][\w.-]{0,63}$/i.test(wanted)) return undefined;
  return process.platform === 'darwin' ? fromDirectoryService(wanted) : fromPasswd(wanted);
}

function fromPasswd(name: string): Account | undefined {
  const [, , uid, gid, , home] = tool('getent', ['passwd', name])?.trim().split(':') ?? [];
  return home === undefined ? undefined : { name, home, ids: { uid: Number(uid), gid: Number(gid) } };
}

function fromDirectoryService(name: string): Account | undefined {
  const text = tool('dscl', ['.', '-read', `/Users/${name}`, 'NFSHomeDirectory', 'UniqueID', 'PrimaryGroupID']) ?? '';
  const field = (key: string): string | undefined => new RegExp(`^${key}: (.+)$`, 'm').exec(text)?.[1];
  const home = field('NFSHomeDirectory');
  return home === undefined
    ? undefined
    : { name, home, ids: { uid: Number(field('UniqueID')), gid: Number(field('PrimaryGroupID')) } };
}

function tool(file: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(file, [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
  } catch {
    // Not there, or nothing of that name.
    return undefined;
  }
}

/** `net session` answers administrators only. */
function isElevated(): boolean {
  return tool('net', ['session']) !== undefined;
}

function foldersFrom(first: string, last: string): string[] {
  const separator = first.includes('\\') ? '\\' : '/';
  const rest = last.slice(first.length).split(separator).filter(Boolean);
  return rest.reduce<string[]>((found, each) => [...found, `${found.at(-1) ?? first}${separator}${each}`], [first]);
}
