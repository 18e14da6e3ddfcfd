/** How much memory a process holds. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TOOL_TIMEOUT_MS = 10_000;

/** Resident set size in bytes, or undefined when the process is gone or cannot be asked. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    if (process.platform === 'linux') {
      const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
    }
    if (process.platform === 'win32') {
      const { stdout } = await run('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'], {
        timeout: TOOL_TIMEOUT_MS,
        windowsHide: true,
      });
      // The last column is "12,345 K", with the separator of the country.
      const kilobytes = /"([\d.,\u00a0\u202f ]+) K"/.exec(stdout)?.[1]?.replaceAll(/\D/g, '');
      return kilobytes === undefined || kilobytes === '' ? undefined : Number(kilobytes) * 1024;
    }
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: TOOL_TIMEOUT_MS });
    const kilobytes = Number(stdout.trim());
    return kilobytes > 0 ? kilobytes * 1024 : undefined;
  } catch {
    return undefined;
  }
}
