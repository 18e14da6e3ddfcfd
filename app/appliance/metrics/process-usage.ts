/**
 * Memory and processor time of the children, as the operating system counts them.
 *
 * Linux reads /proc; macOS asks `ps`; Windows asks PowerShell, once for all processes because each question costs half a second.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProcessUsage {
  readonly rssBytes: number;
  /** Processor time since the process started, user and system. */
  readonly cpuMs: number;
}

const toolTimeoutMs = 10_000;
/** USER_HZ of every Linux that Node supports. */
const tickMs = 10;

/** What each living process uses; one that is gone is absent. */
export async function readUsage(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
  const wanted = pids.filter((pid) => Number.isSafeInteger(pid) && pid > 0);
  if (wanted.length === 0) return new Map();
  if (process.platform === 'linux') return fromProc(wanted);
  return process.platform === 'win32' ? fromPowershell(wanted) : fromPs(wanted);
}

async function fromProc(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
  const result = new Map<number, ProcessUsage>();
  for (const pid of pids) {
    try {
      const [stat, status] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'latin1'),
        readFile(`/proc/${pid}/status`, 'latin1'),
      ]);
      // The name is in parentheses and may hold spaces: fields count from the last one. utime and stime are fields 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const rssKb = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
      if (rssKb === undefined) continue;
      result.set(pid, { rssBytes: Number(rssKb) * 1024, cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs });
    } catch {
      // Gone between the listing and the reading.
    }
  }
  return result;
}

async function fromPs(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
  const result = new Map<number, ProcessUsage>();
  // ps exits 1 when one of them is gone, and still prints the others.
  const output = await run('ps', ['-o', 'pid=,rss=,time=', '-p', pids.join(',')], { timeout: toolTimeoutMs }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  for (const line of output.split('\n')) {
    const [pid, rssKb, time] = line.trim().split(/\s+/);
    if (time !== undefined) result.set(Number(pid), { rssBytes: Number(rssKb) * 1024, cpuMs: clockToMs(time) });
  }
  return result;
}

async function fromPowershell(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
  const script = `Get-Process -Id ${pids.join(',')} -ErrorAction SilentlyContinue | ForEach-Object { "$($_.Id) $($_.WorkingSet64) $([long]$_.TotalProcessorTime.TotalMilliseconds)" }`;
  const result = new Map<number, ProcessUsage>();
  const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script], {
    timeout: toolTimeoutMs,
    windowsHide: true,
  });
  for (const line of stdout.split(/\r?\n/)) {
    const [pid, rss, cpu] = line.trim().split(' ');
    if (cpu !== undefined) result.set(Number(pid), { rssBytes: Number(rss), cpuMs: Number(cpu) });
  }
  return result;
}

/** `1-02:03:04`, `02:03:04` or `3:04.56`, as ps has it. */
export function clockToMs(text: string): number {
  const [clock = '', days = '0'] = text.split('-').reverse();
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}
