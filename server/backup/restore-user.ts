/**
 * Restores one user, or one of their mailboxes, on a server that runs: into place (what is missing comes back) or beside (everything, under a mailbox of its own). Messages come in as by
 * IMAP's APPEND, so clients that are signed in see them arrive. Repeating it adds nothing twice.
 */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { ContentId, MailboxId, UserId } from '../mail/ids.ts';
import { isInferior, parseMailboxPath } from '../mail/mailbox-path.ts';
import type { MailboxInfo, NewMessage, Operations } from '../operations/contract.ts';
import type { Database } from '../store/connect.ts';
import { leaveContents } from '../store/contents.ts';
import { parseRaw, rawInserter } from '../store/backup-tables.ts';
import {
  type BackedMessage,
  findUser,
  forgetDeletion,
  liveContents,
  presentBlobs,
  presentContents,
} from '../store/backup-users.ts';
import { holdSweeping, releaseSweeping } from '../store/sweep-hold.ts';
import { BackupFault, checkCancelled } from './fault.ts';
import { type BackupFolder, checkSizes } from './folder.ts';
import { ID_BYTES, IdTable, HASH_BYTES } from './id-table.ts';
import type { Progress } from './make-backup.ts';
import type { Manifest } from './manifest.ts';
import { idsNameOf, indexedIn } from './packs.ts';
import { readSealed } from './sealed-file.ts';
import { readUserState, type StateOfMailbox, type StateOfUser } from './user-state.ts';
import { expectKnownSchema } from './verify.ts';

export type UserRestoreOptions = {
  readonly user: string;
  /** Only this mailbox, with what is below it. */
  readonly mailbox?: string | undefined;
  /** Under this name; undefined: into place. */
  readonly beside?: string | undefined;
  /** Tell what would come, and do nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
};

export type MailboxPlan = {
  readonly path: string;
  readonly target: string;
  readonly inBackup: number;
  readonly missing: number;
  readonly missingBytes: number;
  /** Of the messages in the backup (ISO). */
  readonly oldest?: string;
  readonly newest?: string;
};

export type UserRestoreResult = {
  readonly user: string;
  readonly username: string;
  /** The account was gone, and came back or would come back. */
  readonly accountRestored: boolean;
  readonly mailboxes: readonly MailboxPlan[];
  readonly messages: number;
  readonly bytes: number;
};

const HOLD_MS = 120_000;
const BATCH = 100;

/** Faults: unknown, damaged, wrong-version, refused, cancelled. */
export async function restoreUser(
  database: Database,
  operations: Operations,
  folder: BackupFolder,
  manifest: Manifest,
  options: UserRestoreOptions,
): Promise<UserRestoreResult> {
  expectKnownSchema(manifest);
  await checkSizes(folder.root, manifest);
  const state = await readUserState(folder, manifest, options.user);
  const wanted = state.mailboxes.filter(({ path: at }) => isWanted(at, options.mailbox));
  if (wanted.length === 0) {
    throw new BackupFault(
      'unknown',
      `${state.user.username} had no mailbox ${options.mailbox ?? ''} in the backup ${manifest.id}.`,
    );
  }
  const account = await findUser(database, state.user.id, state.record);
  if (account === 'name-taken') {
    throw new BackupFault('refused', `Another user is called ${state.user.username} now. Rename that one first.`);
  }
  const user = state.user.id as UserId;
  const plan = await planOf(database, operations, user, account === 'here', wanted, options);
  const missing = plan.flatMap((each) => each.missing);
  const result: UserRestoreResult = {
    user: state.user.id,
    username: state.user.username,
    accountRestored: account === 'gone',
    mailboxes: plan.map(({ mailbox, target, missing: lacking }) => describe(mailbox, target, lacking)),
    messages: missing.length,
    bytes: missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
  if (options.dryRun) return result;

  const owner = randomUUID();
  const hold = (): Promise<void> => holdSweeping(database, owner, HOLD_MS);
  await hold();
  // A renewal that fails is made up for by the next; what works on the database meets the same trouble and tells it.
  const timer = setInterval(() => void hold().catch(() => {}), HOLD_MS / 4);
  try {
    if (account === 'gone') await restoreAccount(database, operations, state);
    await bringContents(database, folder, manifest, missing, options);
    let done = 0;
    for (const each of plan) {
      const target = await targetOf(operations, user, each, options.beside !== undefined);
      for (let at = 0; at < each.missing.length; at += BATCH) {
        checkCancelled(options.signal);
        const batch = each.missing.slice(at, at + BATCH);
        await operations.messages.append(user, target, batch.map(toNewMessage), { ignoreQuota: true });
        done += batch.length;
        options.onProgress({ phase: 'apply', done, total: missing.length });
      }
    }
  } finally {
    clearInterval(timer);
    // The hold ends by itself.
    await releaseSweeping(database, owner).catch(() => {});
  }
  return result;
}

function isWanted(at: string, only: string | undefined): boolean {
  if (only === undefined) return true;
  const wanted = parseMailboxPath(only);
  const has = parseMailboxPath(at);
  return wanted.ok && has.ok && (has.value === wanted.value || isInferior(has.value, wanted.value));
}

type Plan = { readonly mailbox: StateOfMailbox; readonly target: string; readonly missing: readonly BackedMessage[] };

async function planOf(
  database: Database,
  operations: Operations,
  user: UserId,
  isHere: boolean,
  wanted: readonly StateOfMailbox[],
  { beside }: UserRestoreOptions,
): Promise<Plan[]> {
  const existing = isHere ? await operations.mailboxes.list(user) : [];
  const everywhere = new Set<string>();
  const byMailbox = new Map<string, Set<string>>();
  if (isHere) {
    for await (const { mailbox, content } of liveContents(database, user)) {
      everywhere.add(content);
      const inside = byMailbox.get(mailbox) ?? new Set();
      byMailbox.set(mailbox, inside.add(content));
    }
  }
  return wanted.map((mailbox) => {
    const target = targetPath(mailbox, existing, beside);
    // Into place: what the person has moved elsewhere since is not missing. Beside: only what an earlier restore has put there.
    const there = beside === undefined ? everywhere : byMailbox.get(existing.find(({ path: at }) => at === target)?.id ?? '');
    return { mailbox, target, missing: mailbox.messages.filter(({ content }) => !(there?.has(content) ?? false)) };
  });
}

/** Into place: the same mailbox wherever it is now, else one of its name. */
function targetPath(mailbox: StateOfMailbox, existing: readonly MailboxInfo[], beside: string | undefined): string {
  if (beside !== undefined) return `${beside}/${mailbox.path}`;
  return existing.find(({ id }) => (id as string) === mailbox.id)?.path ?? mailbox.path;
}

function describe(mailbox: StateOfMailbox, target: string, missing: readonly BackedMessage[]): MailboxPlan {
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (const { internalDateMs } of mailbox.messages) {
    oldest = Math.min(oldest, internalDateMs);
    newest = Math.max(newest, internalDateMs);
  }
  return {
    path: mailbox.path,
    target,
    inBackup: mailbox.messages.length,
    missing: missing.length,
    missingBytes: missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(mailbox.messages.length === 0 ? {} : { oldest: new Date(oldest).toISOString(), newest: new Date(newest).toISOString() }),
  };
}

/** The user's record and what belongs to it, as it was; addresses that somebody else has meanwhile stay theirs. */
async function restoreAccount(database: Database, operations: Operations, state: StateOfUser): Promise<void> {
  for (const { table, bytes } of [...state.records, { table: 'users', bytes: state.record }]) {
    const inserter = rawInserter(database, table);
    await inserter.add(bytes);
    await inserter.flush();
  }
  await forgetDeletion(database, state.user.id);
  await operations.mailboxes.createDefaults(state.user.id as UserId);
}

async function targetOf(operations: Operations, user: UserId, { mailbox, target }: Plan, beside: boolean): Promise<MailboxId> {
  const { mailboxes } = operations;
  const found = await mailboxes.findByPath(user, target);
  if (found !== undefined && !found.noSelect) return found.id;
  const { specialUse, subscribed, hidden, retentionMs } = mailbox;
  // A copy beside is no second Trash, and nothing is thrown away from it after thirty days.
  if (beside) return (await mailboxes.create(user, target, { subscribed: true })).id;
  const taken = specialUse === undefined || (await mailboxes.findBySpecialUse(user, specialUse)) !== undefined;
  return (
    await mailboxes.create(user, target, {
      subscribed,
      hidden,
      ...(retentionMs === undefined ? {} : { retentionMs }),
      ...(taken ? {} : { specialUse }),
    })
  ).id;
}

function toNewMessage(message: BackedMessage): NewMessage {
  const { content, sizeBytes, thread, flags, internalDateMs } = message;
  return { stored: { content: content as ContentId, sizeBytes, thread, epoch: -1 }, flags, internalDateMs };
}

/** Puts the contents that are not here back, out of the packs that hold them. */
async function bringContents(
  database: Database,
  folder: BackupFolder,
  manifest: Manifest,
  messages: readonly BackedMessage[],
  { signal, onProgress }: UserRestoreOptions,
): Promise<void> {
  const contents = new IdTable(ID_BYTES);
  const ids = [...new Set(messages.map(({ content }) => content))];
  for (let at = 0; at < ids.length; at += 1_000) {
    const part = ids.slice(at, at + 1_000);
    const here = await presentContents(database, part);
    for (const id of part) if (!here.has(id)) contents.set(Buffer.from(id, 'hex'), 0);
    // Whatever becomes of this restore: the sweeper shall look whether somebody refers to them.
    await leaveContents(database, part as ContentId[]);
  }
  if (contents.size === 0) return;
  const blobs = new IdTable(HASH_BYTES);
  const homes = new Map<string, Set<string>>();
  for (const pack of manifest.packs) {
    for await (const one of indexedIn(folder, idsNameOf(pack))) {
      if (one.kind === 'blob' || !contents.has(one.id)) continue;
      for (const hash of one.blobs) blobs.set(hash, 0);
      homes.set(pack.name, new Set());
    }
  }
  const lacking = new IdTable(HASH_BYTES);
  const hashes = [...blobs.entries()].map(({ key }) => Buffer.from(key));
  for (let at = 0; at < hashes.length; at += 500) {
    const part = hashes.slice(at, at + 500);
    const here = await presentBlobs(database, part);
    for (const hash of part) if (!here.has(hash.toString('hex'))) lacking.set(hash, 0);
  }
  for (const pack of manifest.packs) {
    for await (const one of indexedIn(folder, idsNameOf(pack)))
      if (one.kind === 'blob' && lacking.has(one.hash)) homes.set(pack.name, new Set());
  }
  let done = 0;
  const found = new IdTable(ID_BYTES);
  for (const pack of manifest.packs) {
    if (!homes.has(pack.name)) continue;
    checkCancelled(signal);
    await unpack(path.join(folder.packs, pack.name), pack.name);
    done += 1;
    onProgress({ phase: 'restore', done, total: homes.size });
  }
  if (found.size < contents.size) {
    throw new BackupFault('damaged', `${contents.size - found.size} messages of the backup ${manifest.id} are not whole in it.`);
  }

  async function unpack(file: string, name: string): Promise<void> {
    const inserters = {
      chunks: rawInserter(database, 'chunks', 'blobs'),
      blobs: rawInserter(database, 'blobs', 'blobs'),
      texts: rawInserter(database, 'texts'),
      contents: rawInserter(database, 'contents'),
    };
    // Chunks stand before their blob and do not name it: they wait for it. One blob's at a time.
    let chunks: Buffer[] = [];
    for await (const frame of readSealed(file, folder.dataKey, name)) {
      if (frame.name === 'chunks') {
        chunks.push(Buffer.from(frame.bytes));
        continue;
      }
      const id = parseRaw(frame.bytes)['_id'] as { id: Uint8Array } | Uint8Array;
      if (id instanceof Uint8Array) {
        if (lacking.has(id)) {
          for (const chunk of chunks) await inserters.chunks.add(chunk);
          await inserters.chunks.flush();
          await inserters.blobs.add(frame.bytes);
        }
        chunks = [];
      } else if (contents.has(id.id) && (frame.name === 'texts' || frame.name === 'contents')) {
        await inserters[frame.name].add(frame.bytes);
        if (frame.name === 'contents') found.set(id.id, 0);
      }
    }
    for (const inserter of Object.values(inserters)) await inserter.flush();
  }
}
