/** One appliance per data directory. The lock names its owner by pid, start time and program; one that a killed appliance left is taken over. */
import { tryOwnerLock, type OwnerLock } from '../../../server/base/owner-lock.ts';

export class DataDirectoryInUseError extends Error {
  readonly pid: number;

  constructor(lockPath: string, pid: number) {
    super(
      `This data directory is already served by another Mallard (process ${pid}). Use that one, or stop it first. (Lock: ${lockPath})`,
    );
    this.name = 'DataDirectoryInUseError';
    this.pid = pid;
  }
}

/** Takes the lock for as long as this process lives, or throws DataDirectoryInUseError. Release it after the last child has ended. */
export function takeDataDirectory(lockPath: string): OwnerLock {
  const attempt = tryOwnerLock(lockPath);
  if ('lock' in attempt) return attempt.lock;
  throw new DataDirectoryInUseError(lockPath, attempt.owner.pid);
}
