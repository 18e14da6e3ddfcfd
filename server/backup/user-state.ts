/** Who is in a backup, and what one user had: placements with the journals' tails applied, in memory. A user's mail without its contents is small. */
import path from 'node:path';
import { entryOf } from '../store/backup-mail.ts';
import { parseRaw } from '../store/backup-tables.ts';
import {
  type BackedMailbox,
  type BackedMessage,
  type BackedUser,
  backedMailbox,
  backedMessage,
  backedUser,
  USER_TABLES,
} from '../store/backup-users.ts';
import { BackupFault } from './fault.ts';
import type { BackupFolder } from './folder.ts';
import type { Manifest } from './manifest.ts';
import { readSealed } from './sealed-file.ts';

export type UserSummary = BackedUser & { readonly messages: number; readonly bytes: number };

export type StateOfMailbox = BackedMailbox & { readonly path: string; readonly messages: readonly BackedMessage[] };

export type StateOfUser = {
  readonly user: BackedUser;
  /** The user's own record. */
  readonly record: Buffer;
  readonly records: readonly { readonly table: string; readonly bytes: Buffer }[];
  /** Parents before children. */
  readonly mailboxes: readonly StateOfMailbox[];
};

export async function listUsers(folder: BackupFolder, manifest: Manifest): Promise<UserSummary[]> {
  const users = new Map<string, UserSummary & { messages: number; bytes: number }>();
  for await (const { name, bytes } of stateFile(folder, manifest, 'tables.sealed')) {
    if (name !== 'users') continue;
    const user = backedUser(parseRaw(bytes));
    users.set(user.id, { ...user, messages: 0, bytes: 0 });
  }
  for await (const { bytes } of stateFile(folder, manifest, 'placements.sealed')) {
    const message = backedMessage(parseRaw(bytes));
    const user = message === undefined ? undefined : users.get(message.user);
    if (user === undefined || message === undefined) continue;
    user.messages += 1;
    user.bytes += message.sizeBytes;
  }
  return [...users.values()].sort((a, b) => a.username.localeCompare(b.username));
}

/** @param who id, username or address. Fault `unknown`. */
export async function readUserState(folder: BackupFolder, manifest: Manifest, who: string): Promise<StateOfUser> {
  const wanted = who.trim().toLowerCase();
  let user: BackedUser | undefined;
  let record: Buffer | undefined;
  const mailboxDocs: BackedMailbox[] = [];
  const records: { table: string; bytes: Buffer }[] = [];
  const byAddress = new Set<string>();
  // Addresses come after users in the file's order of names or before: so twice.
  for await (const { name, bytes } of stateFile(folder, manifest, 'tables.sealed')) {
    if (name !== 'addresses') continue;
    const doc = parseRaw(bytes);
    if (String(doc['address']).toLowerCase() === wanted && doc['user'] !== undefined) byAddress.add(String(doc['user']));
  }
  for await (const { name, bytes } of stateFile(folder, manifest, 'tables.sealed')) {
    const doc = parseRaw(bytes);
    if (name === 'users') {
      const one = backedUser(doc);
      if (one.id !== wanted && one.username.toLowerCase() !== wanted && !byAddress.has(one.id)) continue;
      user = one;
      record = Buffer.from(bytes);
      continue;
    }
    // Users are the first table.
    if (user === undefined) continue;
    if (name === 'mailboxes') {
      const mailbox = backedMailbox(doc);
      if (mailbox.user === user.id) mailboxDocs.push(mailbox);
    } else if ((USER_TABLES as readonly string[]).includes(name) && String(doc['user'] ?? '') === user.id) {
      records.push({ table: name, bytes: Buffer.from(bytes) });
    }
  }
  if (user === undefined || record === undefined) throw new BackupFault('unknown', `${who} is not in the backup ${manifest.id}.`);
  const messages = await messagesOf(folder, manifest, mailboxDocs);
  return { user, record, records, mailboxes: withPaths(mailboxDocs, messages) };
}

async function messagesOf(
  folder: BackupFolder,
  manifest: Manifest,
  mailboxes: readonly BackedMailbox[],
): Promise<Map<string, Map<number, BackedMessage>>> {
  const found = new Map(mailboxes.map(({ id }) => [id, new Map<number, BackedMessage>()]));
  const gone = new Map(mailboxes.map(({ id }) => [id, new Set<number>()]));
  const reached = new Map(mailboxes.map(({ id, modseq }) => [id, modseq]));
  for await (const { bytes } of stateFile(folder, manifest, 'placements.sealed')) {
    const doc = parseRaw(bytes);
    const message = backedMessage(doc);
    if (message === undefined) gone.get(String(doc['mailbox']))?.add(Number(doc['uid']));
    else found.get(message.mailbox)?.set(message.uid, message);
  }
  // What the tail moves out and does not move in is in neither: it goes where it was going.
  const unfinished = new Map<string, { to: string; messages: BackedMessage[] }>();
  const finished = new Set<string>();
  for await (const { bytes } of stateFile(folder, manifest, 'journal.sealed')) {
    const entry = entryOf({ bytes, doc: parseRaw(bytes) });
    const inside = found.get(entry.mailbox);
    if (inside === undefined) continue;
    for (const key of entry.finishes) finished.add(key);
    if (entry.modseq <= (reached.get(entry.mailbox) ?? 0)) continue;
    reached.set(entry.mailbox, entry.modseq);
    for (const change of entry.doc['changes'] as TailChange[]) {
      if (change.kind === 'append') {
        for (const message of change.messages)
          if (!gone.get(entry.mailbox)?.has(message.u) && !inside.has(message.u))
            inside.set(message.u, ofTail(message, entry.modseq));
      } else if (change.kind === 'flags') {
        for (const uid of uidsIn(change.uids, inside)) {
          const message = inside.get(uid);
          if (message !== undefined && message.modseq < entry.modseq)
            inside.set(uid, { ...message, flags: changed(message.flags, change), modseq: entry.modseq });
        }
      } else if (change.kind === 'expunge') {
        for (const uid of uidsIn(change.uids, inside)) inside.delete(uid);
        const { move } = change;
        if (move !== undefined) {
          unfinished.set(move.key, {
            to: String(move.to),
            messages: move.messages.map((message) => ofTail({ ...message, u: 0 }, 0)),
          });
        }
      } else inside.clear();
    }
  }
  for (const [key, { to, messages }] of unfinished) {
    const inside = finished.has(key) ? undefined : found.get(to);
    if (inside === undefined) continue;
    let next = Math.max(0, ...inside.keys()) + 1;
    for (const message of messages) inside.set(next, { ...message, uid: next++ });
  }
  return found;
}

type TailMessage = { u: number; c: { toHexString(): string }; f: string[]; d: number; z: number; t: string };
type TailChange =
  | { kind: 'append'; messages: TailMessage[] }
  | { kind: 'flags'; operation: 'add' | 'remove' | 'replace'; flags: string[]; uids: number[] }
  | { kind: 'expunge'; uids: number[]; move?: { to: unknown; key: string; messages: Omit<TailMessage, 'u'>[] } }
  | { kind: 'delete' };

function ofTail(message: TailMessage, modseq: number): BackedMessage {
  const { u, c, f, d, z, t } = message;
  return { uid: u, modseq, flags: f, internalDateMs: Number(d), sizeBytes: Number(z), content: c.toHexString(), thread: t };
}

function uidsIn(ranges: readonly number[], inside: ReadonlyMap<number, BackedMessage>): number[] {
  const uids: number[] = [];
  for (let at = 0; at + 1 < ranges.length; at += 2) {
    const [from = 0, to = 0] = [ranges[at], ranges[at + 1]];
    if (to - from < inside.size) {
      for (let uid = from; uid <= to; uid += 1) uids.push(uid);
    } else {
      for (const uid of inside.keys()) if (uid >= from && uid <= to) uids.push(uid);
    }
  }
  return uids;
}

function changed(flags: readonly string[], change: Extract<TailChange, { kind: 'flags' }>): string[] {
  if (change.operation === 'add') return [...new Set([...flags, ...change.flags])];
  if (change.operation === 'replace') return [...change.flags];
  const gone = new Set(change.flags.map((flag) => flag.toLowerCase()));
  return flags.filter((flag) => !gone.has(flag.toLowerCase()));
}

/** Those that people had: deleted ones are left out. */
function withPaths(docs: readonly BackedMailbox[], messages: ReadonlyMap<string, Map<number, BackedMessage>>): StateOfMailbox[] {
  const byId = new Map(docs.map((doc) => [doc.id, doc]));
  const pathOf = (doc: BackedMailbox, depth = 0): string | undefined => {
    if (doc.deleted || depth > 100) return undefined;
    if (doc.parent === null) return doc.name;
    const parent = byId.get(doc.parent);
    const above = parent === undefined ? undefined : pathOf(parent, depth + 1);
    return above === undefined ? undefined : `${above}/${doc.name}`;
  };
  return docs
    .flatMap((doc) => {
      const where = pathOf(doc);
      if (where === undefined) return [];
      const inside = [...(messages.get(doc.id)?.values() ?? [])].sort((a, b) => a.uid - b.uid);
      return [{ ...doc, path: where, messages: inside }];
    })
    .sort((a, b) => (a.path === 'INBOX' ? -1 : b.path === 'INBOX' ? 1 : a.path < b.path ? -1 : 1));
}

function stateFile(folder: BackupFolder, manifest: Manifest, name: string): ReturnType<typeof readSealed> {
  return readSealed(path.join(folder.snapshots, manifest.id, name), folder.dataKey, `${name} of the backup ${manifest.id}`);
}
