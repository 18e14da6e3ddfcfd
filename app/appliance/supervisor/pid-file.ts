/**
 * A file per child that says who it is (pid, start time, program). After the appliance was killed, its next start reads them and ends what is
 * provably ours: the same pid with the same start time and program. Anything else that now has that pid is left alone.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isStillRunning,
  processIdentitySchema,
  readProcessIdentity,
  type ProcessIdentity,
} from '../../../server/base/process-identity.ts';

const POLL_MS = 50;

export const pidFileOf = (runDir: string, service: string): string => path.join(runDir, `${service}.pid`);

/** Call right after the spawn. Gives false when the child has ended already. */
export function writePidFile(file: string, pid: number): boolean {
  const identity = readProcessIdentity(pid);
  if (identity === undefined) return false;
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(identity)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return true;
}

export function removePidFile(file: string): void {
  rmSync(file, { force: true });
}

/** The services with a pid file, in no order. */
export function listPidFiles(runDir: string): string[] {
  try {
    return readdirSync(runDir)
      .filter((name) => name.endsWith('.pid'))
      .map((name) => name.slice(0, -4));
  } catch {
    return [];
  }
}

/** The process that the file names, if it still is that process. */
export function findOrphan(file: string): ProcessIdentity | undefined {
  try {
    const recorded = processIdentitySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return isStillRunning(recorded) ? recorded : undefined;
  } catch {
    // No file, or one that a crash cut short: it proves nothing, so nothing is touched.
    return undefined;
  }
}

export type OrphanFate = 'none' | 'ended' | 'killed';

/** Ends the orphan that the file names: TERM, then KILL after the grace time. Removes the file. */
export async function endOrphan(file: string, graceMs: number): Promise<OrphanFate> {
  const orphan = findOrphan(file);
  if (orphan === undefined) {
    removePidFile(file);
    return 'none';
  }
  // TERM is a clean shutdown for mongod, Valkey and the worker. (On Windows it ends the process at once; the databases recover from their journals.)
  signalProcess(orphan.pid, 'SIGTERM');
  let fate: OrphanFate = 'ended';
  const deadline = Date.now() + graceMs;
  while (isStillRunning(orphan)) {
    if (Date.now() >= deadline && fate === 'ended') {
      fate = 'killed';
      signalProcess(orphan.pid, 'SIGKILL');
    }
    await sleep(POLL_MS);
  }
  removePidFile(file);
  return fate;
}

/** True when the signal could be sent; false when the process is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
