/**
 * Reads the state of the store while mail flows, so that what comes out is one state that was. The reasons are in docs/decisions/0003-backup-by-journal.md; in short:
 *
 * 1. Mailboxes, each at a position of its journal. 2. Placements, each as it is when it is met: some are ahead of their mailbox's position. 3. The journals from these positions on. Applying
 * the journal again brings every placement to the journal's end, because applying is idempotent; that is what a crash does too. 4. Where an entry finishes a MOVE, the journal of the mailbox it
 * comes from is read at least as far as the entry that began it; and where a mailbox had finished a MOVE already whose beginning is in a tail, that is told. A message in two places is as wrong as
 * one in none.
 */
import type { Database } from '../store/connect.ts';
import {
  type Position,
  type RawEntry,
  findMoveEntry,
  readMailboxDocs,
  readPlacementDocs,
  readTailEntries,
} from '../store/backup-mail.ts';
import { backupTables, readTable } from '../store/backup-tables.ts';
import { checkCancelled } from './fault.ts';
import { IdTable } from './id-table.ts';

export type Sink = {
  readonly table: (name: string, bytes: Buffer) => Promise<void>;
  readonly mailbox: (bytes: Buffer) => Promise<void>;
  readonly placement: (bytes: Buffer) => Promise<void>;
  readonly entry: (bytes: Buffer) => Promise<void>;
};

export type Captured = {
  /** Contents that something refers to. */
  readonly contents: IdTable;
  readonly users: number;
  readonly mailboxes: number;
  readonly messages: number;
  readonly messageBytes: number;
};

export type CaptureOptions = {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
  /** For tests: called between the steps, where others may change what they like. */
  readonly between?: ((step: 'mailboxes' | 'placements' | 'tails') => Promise<void>) | undefined;
};

const PROGRESS_EVERY = 1_000;

export async function capture(database: Database, sink: Sink, options: CaptureOptions): Promise<Captured> {
  const { signal, onProgress, between = () => Promise.resolve() } = options;
  const contents = new IdTable(12);
  const users = new Set<string>();
  let count = 0;
  const step = (): void => {
    count += 1;
    if (count % PROGRESS_EVERY !== 0) return;
    checkCancelled(signal);
    onProgress(count);
  };

  const tables = await backupTables(database);
  for await (const { doc } of readTable(database, 'deletedUsers')) users.add(String(doc['_id']));
  const deletedUsers = users.size;
  for (const name of tables) {
    if (name === 'deletedUsers') continue;
    for await (const { bytes, doc } of readTable(database, name)) {
      if (name === 'users') users.add(String(doc['_id']));
      if (name === 'queue' && doc['state'] === 'staged') continue;
      const content = doc['content'] as { id?: Uint8Array } | undefined;
      if (content?.id instanceof Uint8Array && content.id.length === 12) contents.set(content.id, 0);
      await sink.table(name, bytes);
      step();
    }
  }

  // ── 1. Mailboxes ──
  const positions = new Map<string, Position>();
  const bases = new Map<string, number>();
  const parents = new Set<string>();
  const takeMailboxes = async (ids?: readonly string[]): Promise<string[]> => {
    const taken: string[] = [];
    for await (const raw of readMailboxDocs(database, ids)) {
      // Of a user who came after the users were read: it is in the next backup.
      if (positions.has(raw.mailbox) || !users.has(raw.user)) continue;
      positions.set(raw.mailbox, { user: raw.user, mailbox: raw.mailbox, modseq: raw.modseq });
      bases.set(raw.mailbox, raw.modseq);
      if (raw.parent !== null) parents.add(raw.parent);
      taken.push(raw.mailbox);
      await sink.mailbox(raw.bytes);
      step();
    }
    return taken;
  };
  await takeMailboxes();
  const takeParents = async (): Promise<string[]> => {
    const taken: string[] = [];
    // Below a mailbox that was made while the others were read.
    for (;;) {
      const missing = [...parents].filter((id) => !positions.has(id));
      parents.clear();
      if (missing.length === 0) return taken;
      taken.push(...(await takeMailboxes(missing)));
    }
  };
  await takeParents();
  await between('mailboxes');

  // ── 2. Placements ──
  let messages = 0;
  let messageBytes = 0;
  const takePlacements = async (of?: Position): Promise<void> => {
    for await (const { bytes, doc, mailbox, content } of readPlacementDocs(database, of)) {
      if (!positions.has(mailbox)) continue;
      contents.set(content, 0);
      if (doc['expunged'] === undefined) {
        messages += 1;
        messageBytes += Number(doc['size']);
      }
      await sink.placement(bytes);
      step();
    }
  };
  await takePlacements();
  await between('placements');

  // ── 3. The journals' tails ──
  const begun = new Set<string>();
  const finished = new Set<string>();
  const unexplained = new Set<string>();
  const targets = new Set<string>();
  const takeEntry = async (entry: RawEntry): Promise<void> => {
    const position = positions.get(entry.mailbox);
    if (position === undefined || entry.modseq <= position.modseq) return;
    positions.set(entry.mailbox, { ...position, modseq: entry.modseq });
    for (const content of entry.contents) contents.set(content, 0);
    for (const { to, key } of entry.begins) {
      begun.add(key);
      unexplained.delete(key);
      if (!positions.has(to)) targets.add(to);
    }
    for (const key of entry.finishes) {
      finished.add(key);
      if (!begun.has(key)) unexplained.add(key);
    }
    await sink.entry(entry.bytes);
    step();
  };
  const takeTails = async (of: readonly Position[]): Promise<void> => {
    for await (const entry of readTailEntries(database, of)) await takeEntry(entry);
  };
  await takeTails([...positions.values()]);
  await between('tails');

  // ── 4. Until every move is in both its mailboxes, or in neither ──
  for (;;) {
    checkCancelled(signal);
    const late = targets.size === 0 ? [] : await takeMailboxes([...targets]);
    targets.clear();
    late.push(...(await takeParents()));
    for (const id of late) await takePlacements(positions.get(id));
    await takeTails(late.flatMap((id) => positions.get(id) ?? []));
    if (late.length > 0) continue;
    if (unexplained.size === 0) break;
    if (!(await extend())) break; // the rest began before the mailboxes were read: their beginning is applied there
  }

  // A move whose second half its mailbox had applied when it was read: that it is done must be known, or it would be done again.
  for (const key of begun) {
    const entry = finished.has(key) ? undefined : await findMoveEntry(database, key);
    if (entry === undefined || entry.modseq > (bases.get(entry.mailbox) ?? 0)) continue;
    for (const content of entry.contents) contents.set(content, 0);
    await sink.entry(entry.bytes);
  }

  for await (const { bytes } of readTable(database, 'deletedUsers')) await sink.table('deletedUsers', bytes);
  onProgress(count);
  return { contents, users: users.size - deletedUsers, mailboxes: positions.size, messages, messageBytes };

  /** Reads the journals further, up to the entries that begin the moves in question. Answers whether any was found. */
  async function extend(): Promise<boolean> {
    const waiting = new Map<string, RawEntry[]>();
    let found = false;
    for await (const entry of readTailEntries(database, [...positions.values()])) {
      const before = [...(waiting.get(entry.mailbox) ?? []), entry];
      if (!entry.begins.some(({ key }) => unexplained.has(key))) {
        waiting.set(entry.mailbox, before);
        continue;
      }
      waiting.delete(entry.mailbox);
      for (const one of before) await takeEntry(one);
      found = true;
    }
    return found;
  }
}
