/** What processes cost, from /proc. Elsewhere than on Linux the answers are undefined. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** A process and all it has started, by pid. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = tryRead(`/proc/${name}/stat`);
    const parent = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (let at = 0; at < found.length; at += 1) found.push(...(children.get(found[at] ?? 0) ?? []));
  return found;
}

/** Processor time (ms) of these processes and of the children they have waited for. */
export function cpuMs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = tryRead(`/proc/${pid}/stat`);
    // utime, stime, cutime, cstime.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks * 10;
}

/** Resident memory (octets); shared pages are counted in every process that has them. */
export function rssBytes(pid: number): number | undefined {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(tryRead(`/proc/${pid}/status`) ?? '');
  return line === null ? undefined : Number(line[1]) * 1024;
}

/** Proportional memory (octets): shared pages divided among those who share them, so that sums over many processes are fair. */
export function pssBytes(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    const line = /^Pss:\s+(\d+) kB/m.exec(tryRead(`/proc/${pid}/smaps_rollup`) ?? '');
    if (line !== null) sum += Number(line[1]) * 1024;
  }
  return sum;
}

/** Octets that a folder occupies on the disk, hard links counted once. */
export function diskBytes(folder: string, skip: (name: string) => boolean = () => false): number {
  let sum = 0;
  const seen = new Set<number>();
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (skip(entry.name)) continue;
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) {
        visit(file);
        continue;
      }
      const stat = statSync(file, { throwIfNoEntry: false });
      if (stat === undefined || seen.has(stat.ino)) continue;
      seen.add(stat.ino);
      sum += stat.blocks * 512;
    }
  };
  visit(folder);
  return sum;
}

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // it has ended meanwhile
  }
}
