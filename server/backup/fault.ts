/** Why a backup, a restore or a move of mail did not go through: a code for programs, a sentence for people. */

export type BackupFaultCode =
  /** The folder holds no backup of Mallard. */
  | 'not-a-backup'
  /** Made by a newer Mallard than this one. */
  | 'wrong-version'
  /** Neither the passphrase nor the recovery key fits. */
  | 'wrong-key'
  /** A file is missing, cut short or altered. */
  | 'damaged'
  | 'disk-full'
  /** The folder or a file can't be read or written. */
  | 'unreachable'
  /** Another backup writes into this folder, or another job runs. */
  | 'in-use'
  /** Where it should be restored to there is something already. */
  | 'not-empty'
  /** What was asked for is not in the backup, or not on the server. */
  | 'unknown'
  | 'refused'
  | 'cancelled';

export class BackupFault extends Error {
  readonly code: BackupFaultCode;

  constructor(code: BackupFaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'BackupFault';
    this.code = code;
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The file system's errors as words; everything else passes as it is. */
export function fileFault(error: unknown, file: string): unknown {
  if (error instanceof BackupFault) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === undefined || typeof code !== 'string') return error;
  if (FULL.has(code)) {
    return new BackupFault('disk-full', `There is no room left for ${file}. What was complete before is still good.`, {
      cause: error,
    });
  }
  if (code === 'ENOENT') return new BackupFault('damaged', `${file} is missing.`, { cause: error });
  if (code.startsWith('E')) return new BackupFault('unreachable', `${file} cannot be used (${code}).`, { cause: error });
  return error;
}

/** Throws `cancelled` once somebody has asked to stop. */
export function checkCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new BackupFault('cancelled', 'It was cancelled.');
}
