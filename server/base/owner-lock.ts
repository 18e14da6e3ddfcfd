/**
 * A lock file that names its owner (pid, start time, executable), so that a lock left behind by a killed process is recognised and taken over,
 * while a living owner is refused and can be named to a person.
 *
 * Creation is atomic: the content is written to a private file first and hard-linked into place, so no reader ever sees half a lock. A stale
 * lock is removed under a second, short-lived lock, so that two processes which both find it stale cannot remove each other's fresh one.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isStillRunning, ownIdentity, processIdentitySchema, type ProcessIdentity } from './process-identity.ts';

export type OwnerLock = { readonly path: string; release(): void };
export type LockAttempt = { readonly lock: OwnerLock } | { readonly owner: ProcessIdentity };

/** Removing a stale lock takes microseconds; a breaker older than this was left by a crash in between. */
const BREAKER_STALE_MS = 10_000;

/** Takes the lock or tells who holds it. Synchronous and quick; a caller that wants to wait tries again. */
export function tryOwnerLock(lockPath: string): LockAttempt {
  mkdirSync(path.dirname(lockPath), { recursive: true });
  const mine = JSON.stringify({ ...ownIdentity(), token: randomUUID() });
  for (;;) {
    if (createExclusively(lockPath, mine)) return { lock: { path: lockPath, release: () => releaseIfOurs(lockPath, mine) } };
    const found = readLock(lockPath);
    if (found === undefined) continue; // released this moment
    const owner = ownerIn(found);
    if (owner !== undefined && isStillRunning(owner)) return { owner };
    breakStale(lockPath);
  }
}

function createExclusively(lockPath: string, content: string): boolean {
  const draft = `${lockPath}.${process.pid}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, lockPath);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return false;
    // A file system without hard links (FAT, some network shares): exclusive creation is the next best.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS')
      return writeExclusively(lockPath, content);
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

function writeExclusively(lockPath: string, content: string): boolean {
  try {
    writeFileSync(lockPath, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined when there is no lock. */
function readLock(lockPath: string): string | undefined {
  try {
    return readFileSync(lockPath, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined when nobody who could be alive is named. */
function ownerIn(lock: string): ProcessIdentity | undefined {
  try {
    const parsed = processIdentitySchema.safeParse(JSON.parse(lock));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // damaged
  }
}

function breakStale(lockPath: string): void {
  const breaker = `${lockPath}.break`;
  try {
    mkdirSync(breaker);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    removeOldBreaker(breaker);
    return;
  }
  try {
    // Judge again inside: the lock seen before may have been replaced by a living owner's meanwhile.
    const found = readLock(lockPath);
    if (found === undefined) return;
    const owner = ownerIn(found);
    if (owner !== undefined && isStillRunning(owner)) return;
    // Its owner may have released it and ended while it was judged, and another have come. From the moment that the owner is known to be dead,
    // only who holds the breaker takes the file away: if it is the same one now, it stays the same.
    if (readLock(lockPath) === found) unlinkIfThere(lockPath);
  } finally {
    rmdirSync(breaker);
  }
}

function removeOldBreaker(breaker: string): void {
  try {
    if (Date.now() - statSync(breaker).mtimeMs > BREAKER_STALE_MS) rmdirSync(breaker);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function releaseIfOurs(lockPath: string, mine: string): void {
  try {
    if (readFileSync(lockPath, 'utf8') === mine) unlinkIfThere(lockPath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
