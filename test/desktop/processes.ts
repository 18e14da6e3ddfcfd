/** Finds the processes that belong to a test: those whose command line, environment or
 * working directory names its folder (Valkey overwrites the first two). Linux only, like the desktop tests. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Found {
  readonly pid: number;
  readonly command: string;
}

export function processesOf(folder: string): Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const command = read(`/proc/${name}/cmdline`);
      const state = /\) (\S)/.exec(read(`/proc/${name}/stat`))?.[1];
      // A zombie has ended; its parent has not looked yet.
      if (state === undefined || state === 'Z') return [];
      const places = [command, read(`/proc/${name}/environ`), workingDirectory(name)];
      return places.some((place) => place.includes(folder))
        ? [{ pid: Number(name), command: command.replaceAll('\0', ' ') }]
        : [];
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // It ended meanwhile.
    return '';
  }
}

function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
