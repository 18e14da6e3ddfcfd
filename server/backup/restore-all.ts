/**
 * Restores everything into an empty database. The backup is read and judged whole before anything is touched. While it runs the database is marked, so that no worker takes half a restore for a
 * mail store; a restore that was broken off is begun anew.
 */
import type { Logger } from '../base/log.ts';
import type { MailboxId, Modseq, UserId } from '../mail/ids.ts';
import { createCore } from '../operations/core.ts';
import type { Database } from '../store/connect.ts';
import {
  beginRestore,
  clearDatabase,
  dropStrays,
  endRestore,
  entryOf,
  holdQueue,
  isEmpty,
  isRestoring,
  stepBeyond,
} from '../store/backup-mail.ts';
import { parseRaw, type RawInserter, rawInserter } from '../store/backup-tables.ts';
import { setSchemaVersion } from '../store/migrations.ts';
import { createLocalBeacons } from '../sync/beacons.ts';
import { BackupFault, checkCancelled } from './fault.ts';
import { type BackupFolder, filesOf } from './folder.ts';
import type { Progress } from './make-backup.ts';
import type { Manifest } from './manifest.ts';
import { PACK_END } from './packs.ts';
import { readSealed } from './sealed-file.ts';
import { type References, verifyBackup } from './verify.ts';

export type RestoreOptions = {
  /** What is in the database goes. Without it, a database with anything in it is refused. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly log: Logger;
  /** Makes the indexes; before documents come in, so that a restore does not end with an hour of silence. */
  readonly ensureIndexes: () => Promise<void>;
  /** Called when the backup has been found good and nothing has been touched yet; resolves when nobody else works on the database. */
  readonly ready?: () => Promise<void>;
};

export type Restored = { readonly manifest: Manifest; readonly heldMessages: number };

/** Numbers that a restored mailbox skips: more than came into any between the backup and the restore. */
export const STEP_BEYOND = 1 << 20;

/** Faults: damaged, wrong-version, not-empty, cancelled. */
export async function restoreAll(
  database: Database,
  folder: BackupFolder,
  manifest: Manifest,
  options: RestoreOptions,
): Promise<Restored> {
  const { signal, onProgress } = options;
  const again = await isRestoring(database);
  if (!options.replace && !again && !(await isEmpty(database))) {
    throw new BackupFault(
      'not-empty',
      'There are users or mail here already. Restore one user or one mailbox, or say that everything is to be replaced.',
    );
  }
  const references = await verifyBackup(folder, manifest, { signal, onProgress });
  await options.ready?.();
  await clearDatabase(database);
  await beginRestore(database);
  await options.ensureIndexes();

  const inserters = new Map<string, RawInserter>();
  const into = (name: string): RawInserter => {
    let inserter = inserters.get(name);
    if (inserter === undefined) {
      inserter = rawInserter(database, name, name === 'blobs' || name === 'chunks' ? 'blobs' : 'main');
      inserters.set(name, inserter);
    }
    return inserter;
  };
  const heads = new Map<string, { user: string; modseq: number }>();
  let done = 0;
  // Contents before what refers to them, as everywhere.
  const files = filesOf(folder.root, manifest).sort((a, b) => rank(a.entry.name) - rank(b.entry.name));
  for (const { file, entry } of files) {
    if (entry.name === 'appliance.sealed') continue;
    for await (const { name, bytes } of readSealed(file, folder.dataKey)) {
      if (!isReferredTo(name, bytes, references)) continue;
      await into(name).add(bytes);
      if (name !== 'journal') continue;
      const { mailbox, modseq } = entryOf({ bytes, doc: parseRaw(bytes) });
      if (modseq > (heads.get(mailbox)?.modseq ?? 0)) heads.set(mailbox, { user: String(parseRaw(bytes)['user']), modseq });
    }
    for (const inserter of inserters.values()) await inserter.flush();
    checkCancelled(signal);
    done += entry.bytes;
    onProgress({ phase: 'restore', done, total: manifest.bytes });
  }
  await applyJournals(database, heads, options);
  await stepBeyond(database, STEP_BEYOND);
  await dropStrays(database);
  const heldMessages = await holdQueue(database);
  await setSchemaVersion(database, manifest.schema);
  await endRestore(database);
  return { manifest, heldMessages };
}

/** Packs are shared by the backups of a folder: what only others need stays there. */
function isReferredTo(name: string, bytes: Buffer, { contents, blobs, uploads }: References): boolean {
  if (name !== 'contents' && name !== 'texts' && name !== 'blobs' && name !== 'chunks') return true;
  const id = parseRaw(bytes)['_id'] as { id: Uint8Array } | Uint8Array | { u: { id: Uint8Array } };
  if (id instanceof Uint8Array) return blobs.has(id);
  return 'u' in id ? uploads.has(id.u.id) : contents.has(id.id);
}

function rank(name: string): number {
  return name.endsWith(PACK_END) ? 0 : name === 'journal.sealed' ? 2 : 1;
}

/** What happened while the backup was made: the same code applies it that applies what a crash left. */
async function applyJournals(
  database: Database,
  heads: ReadonlyMap<string, { readonly user: string; readonly modseq: number }>,
  { log, onProgress, signal }: RestoreOptions,
): Promise<void> {
  const core = createCore({
    database,
    beacons: createLocalBeacons(),
    log,
    quotaLimits: () => Promise.resolve({ bytes: 0, messages: 0 }),
  });
  try {
    let done = 0;
    for (const [mailbox, { user, modseq }] of heads) {
      checkCancelled(signal);
      await core.materializer.ensure(user as UserId, mailbox as MailboxId, modseq as Modseq);
      done += 1;
      onProgress({ phase: 'apply', done, total: heads.size });
    }
  } finally {
    await core.close();
  }
}
