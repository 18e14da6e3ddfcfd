/**
 * Who a process is, beyond its number. A pid is reused; a pid with its start time and executable is not, so a lock or a pid file that records
 * all three can later prove whether the process it names is still the same one. Never decide anything about a process by its name or pid alone.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { z } from 'zod';

/** `startedAt` is opaque (ticks since boot with the boot's id on Linux, a date elsewhere): compare it, never interpret it. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string; readonly executable: string };

export const processIdentitySchema = z.object({
  pid: z.number().int().positive(),
  startedAt: z.string(),
  executable: z.string(),
});

const EXTERNAL_TOOL_TIMEOUT_MS = 10_000;

/** The identity of a running process, or undefined when there is none (a zombie is none: it holds no file and no port). */
export function readProcessIdentity(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') return readFromProc(pid);
  return process.platform === 'win32' ? readFromPowershell(pid) : readFromPs(pid);
}

/**
 * Whether the very process that was recorded still runs. Linux hides the executable of a process with capabilities (a service that may bind low
 * ports) even from its own user: what cannot be read is not held against it, the start time in ticks tells them apart already.
 */
export function isStillRunning(recorded: ProcessIdentity): boolean {
  const now = readProcessIdentity(recorded.pid);
  if (now === undefined || now.startedAt !== recorded.startedAt) return false;
  return now.executable === recorded.executable || now.executable === '' || recorded.executable === '';
}

let self: ProcessIdentity | undefined;

/** This process. */
export function ownIdentity(): ProcessIdentity {
  self ??= readProcessIdentity(process.pid) ?? { pid: process.pid, startedAt: 'unknown', executable: process.execPath };
  return self;
}

let bootId: string | undefined;

function readFromProc(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name is in parentheses and may itself hold spaces and parentheses: fields count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return { pid, startedAt: `${bootId}:${fields[19] ?? ''}`, executable: readExecutable(pid) };
  } catch {
    // The directory is gone: no such process (or it ended between two reads).
    return undefined;
  }
}

function readExecutable(pid: number): string {
  try {
    // After an upgrade replaced the file, the kernel marks the path; the process is still the same one.
    return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}

function readFromPs(pid: number): ProcessIdentity | undefined {
  try {
    const output = execFileSync('ps', ['-o', 'lstart=,stat=,comm=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: EXTERNAL_TOOL_TIMEOUT_MS,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // "Tue Nov 24 08:50:58 2026 Ss /path/of/it": the date is always five words.
    const words = output.trim().split(/\s+/);
    if (words.length < 7 || words[5]?.startsWith('Z')) return undefined;
    return { pid, startedAt: words.slice(0, 5).join(' '), executable: words.slice(6).join(' ') };
  } catch {
    return undefined;
  }
}

function readFromPowershell(pid: number): ProcessIdentity | undefined {
  try {
    const script = `$p = Get-Process -Id ${pid} -ErrorAction Stop; $p.StartTime.ToFileTimeUtc(); $p.Path`;
    const output = execFileSync('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script], {
      encoding: 'utf8',
      timeout: EXTERNAL_TOOL_TIMEOUT_MS,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [startedAt = '', executable = ''] = output.split(/\r?\n/);
    return startedAt === '' ? undefined : { pid, startedAt, executable };
  } catch {
    return undefined;
  }
}
