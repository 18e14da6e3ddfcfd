/** Changes to messages: append, store, expunge, copy, move. Each becomes part of a commit of the mailbox's writer. */
import { isFault, nonexistent, refused } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { LruCache } from '../base/lru.ts';
import type { JournalEntry, MoveIntent } from '../mail/change.ts';
import type { MailboxId, MessageId, Modseq, Uid, UserId } from '../mail/ids.ts';
import { MAX_UINT32 } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { type Database, newId } from '../store/connect.ts';
import { findMove, releaseKey } from '../store/journal.ts';
import { readNode } from '../store/mailbox-nodes.ts';
import { type PlacementRef, readRefs } from '../store/placements.ts';
import type { MailboxLog } from '../sync/mailbox-log.ts';
import type { AppendResult, CopyResult, MessageOperations, NewMessage, QuotaState, StoredContent } from './contract.ts';
import type { DraftMessage } from './entry-draft.ts';
import { exceedsQuota } from './quota.ts';
import { createReplace } from './replace.ts';
import type { MailboxRegistry } from './mailbox-registry.ts';
import type { Materializer } from './materializer.ts';

/** Messages that one journal entry may carry: some 2 MB of MongoDB's 16. A COPY or MOVE up to here is all or nothing. */
const MAX_PER_ENTRY = 20_000;
const LOST_ATTEMPTS = 12;

export type MessageParts = {
  readonly database: Database;
  readonly registry: MailboxRegistry;
  readonly materializer: Materializer;
  readonly log: Logger;
  readonly quota: (user: UserId) => Promise<QuotaState>;
  readonly confirm: (stored: readonly StoredContent[]) => Promise<void>;
  /** Where a move ends whose target was deleted meanwhile. */
  readonly inboxOf: (user: UserId) => Promise<MailboxId>;
};

export type MessageService = {
  readonly operations: MessageOperations;
  /** The second halves of the moves in an entry; for the materializer. */
  readonly finishMoves: (entry: JournalEntry) => Promise<void>;
  /** Expunges messages whose content went with a server before they were acknowledged. */
  readonly removeLost: (entry: JournalEntry, uids: readonly Uid[]) => void;
};

export function createMessages(parts: MessageParts): MessageService {
  const { database, registry, materializer } = parts;

  const checkQuota = async (user: UserId, added: readonly { readonly sizeBytes: number }[]): Promise<void> => {
    if (exceedsQuota(await parts.quota(user), added)) throw refused('OVERQUOTA', 'The quota of this account is used up.');
  };

  const append: MessageOperations['append'] = async (user, mailbox, messages, options = {}) => {
    if (options.ignoreQuota !== true) {
      await checkQuota(
        user,
        messages.map((message) => message.stored),
      );
    }
    const drafts = messages.map(draftOf);
    return registry.use(user, mailbox, async (log, writer): Promise<AppendResult> => {
      const { once } = options;
      const { value, entry, moved } = await writer.submit({
        needsView: false,
        weight: drafts.length,
        // Alone in its entry: "done already" must mean it and nothing else.
        ...(once === undefined ? {} : { urgent: true }),
        evaluate: (draft) => draft.append(drafts, once),
      });
      if (moved && once !== undefined) return placedBefore(database, once);
      try {
        await parts.confirm(messages.map((message) => message.stored));
      } catch (error) {
        // Its bytes were lost on the way: it was never there. Nobody has been told otherwise.
        if (once !== undefined) await releaseKey(database, once);
        if (!(await expungeOnce(user, mailbox, value))) void expungeLost(user, mailbox, value);
        throw error;
      }
      return {
        mailbox,
        uidValidity: log.uidValidity,
        uids: value,
        ids: drafts.map((draft) => draft.id),
        modseq: entry?.modseq ?? log.modseq,
      };
    });
  };

  /** Takes away messages whose bytes went with a server. @returns whether they are gone; never rejects */
  const expungeOnce = async (user: UserId, mailbox: MailboxId, uids: readonly Uid[]): Promise<boolean> => {
    try {
      await registry.use(user, mailbox, (_, writer) =>
        writer.submit({ needsView: true, weight: 0, evaluate: (draft) => draft.expunge(UidSet.from(uids), false) }),
      );
      return true;
    } catch (error) {
      if (isFault(error, 'NONEXISTENT')) return true; // with its mailbox
      parts.log.warn('messages without content could not be removed', { mailbox, uids: uids.length, error });
      return false;
    }
  };

  /** The same for some minutes: the servers are changing just then. */
  const expungeLost = async (user: UserId, mailbox: MailboxId, uids: readonly Uid[]): Promise<void> => {
    for (let attempt = 1; attempt <= LOST_ATTEMPTS; attempt += 1) {
      if (await expungeOnce(user, mailbox, uids)) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(250 * 2 ** attempt, 30_000)).unref());
    }
  };

  /** References to the messages of `uids` that are there, with their current flags. */
  const refsOf = async (log: MailboxLog, user: UserId, mailbox: MailboxId, uids: UidSet): Promise<DraftRef[]> => {
    const columns = await log.view();
    await materializer.ensure(user, mailbox, log.owedAt);
    const refs = await readRefs(database, user, mailbox, uids);
    const live: DraftRef[] = [];
    for (const ref of refs) {
      const index = columns.indexOf(ref.uid);
      if (index !== -1) live.push({ ...ref, flags: columns.flagsAt(index) });
    }
    return live;
  };

  const copy: MessageOperations['copy'] = async (user, from, uids, to, toUser = user) => {
    const refs = await registry.use(user, from, (log) => refsOf(log, user, from, uids));
    return registry.use(toUser, to, async (log, writer) => {
      await checkQuota(toUser, refs);
      const target: Uid[] = [];
      let modseq: Modseq = log.modseq;
      for (const chunk of chunks(refs, MAX_PER_ENTRY)) {
        const drafts = chunk.map(toDraft);
        const { value, entry } = await writer.submit({
          needsView: false,
          weight: drafts.length,
          evaluate: (draft) => draft.append(drafts),
        });
        target.push(...value);
        modseq = entry?.modseq ?? modseq;
      }
      return { mailbox: to, uidValidity: log.uidValidity, from: refs.map((ref) => ref.uid), to: target, modseq };
    });
  };

  const moveWithin = (user: UserId, mailbox: MailboxId, uids: UidSet): Promise<CopyResult & { expunged: UidSet }> =>
    registry.use(user, mailbox, async (log, writer) => {
      const refs = await refsOf(log, user, mailbox, uids);
      const { value, entry } = await writer.submit({
        needsView: true,
        weight: refs.length,
        evaluate: (draft) => {
          const live = stillLive(draft.live(uids), refs);
          const to = draft.append(live.map((ref) => ({ ...toDraft(ref), flags: draft.flagsOf(ref.uid) })));
          draft.expunge(UidSet.from(live.map((ref) => ref.uid)), false);
          return { from: live.map((ref) => ref.uid), to };
        },
      });
      return {
        mailbox,
        uidValidity: log.uidValidity,
        ...value,
        modseq: entry?.modseq ?? log.modseq,
        expunged: UidSet.from(value.from),
      };
    });

  /** The mover and the materializer both finish a move; the second of them shares the first's work. */
  const finishing = new LruCache<string, Promise<{ uids: Uid[]; uidValidity: number }>>(1_000);
  const finishMove = (user: UserId, move: MoveIntent): Promise<{ uids: Uid[]; uidValidity: number }> => {
    const shared = finishing.get(move.key);
    if (shared !== undefined) return shared;
    const mine = placeMoved(user, move);
    finishing.set(move.key, mine);
    mine.catch(() => finishing.delete(move.key)); // the caller hears of it; a later attempt starts anew
    return mine;
  };

  /** Makes the placements of a move in its target, once. Answers their UIDs. */
  const placeMoved = async (user: UserId, move: MoveIntent): Promise<{ uids: Uid[]; uidValidity: number }> => {
    const place = (mailbox: MailboxId): Promise<{ uids: Uid[]; uidValidity: number }> =>
      registry.use(user, mailbox, async (log, writer) => {
        const { value, moved } = await writer.submit({
          needsView: false,
          weight: move.messages.length,
          urgent: true,
          evaluate: (draft) => draft.append(move.messages.map(withoutSavedAt), move.key),
        });
        return { uids: moved ? await uidsOfMove(database, move) : value, uidValidity: log.uidValidity };
      });
    try {
      return await place(move.to);
    } catch (error) {
      if (!isFault(error, 'NONEXISTENT')) throw error;
      const done = await findMove(database, move.key);
      if (done !== undefined) return { uids: await uidsOfMove(database, move), uidValidity: 0 };
      parts.log.warn('the target of a move is gone; its messages go to INBOX', { user, messages: move.messages.length });
      return place(await parts.inboxOf(user));
    }
  };

  const move: MessageOperations['move'] = async (user, from, uids, to) => {
    if (from === to) return moveWithin(user, from, uids);
    // Refuse before anything leaves its place.
    const uidValidity = await registry.use(user, to, (log) => Promise.resolve(log.uidValidity));
    return registry.use(user, from, async (log, writer) => {
      const refs = await refsOf(log, user, from, uids);
      const result = { from: [] as Uid[], to: [] as Uid[] };
      let modseq: Modseq = log.modseq;
      for (const chunk of chunks(refs, MAX_PER_ENTRY)) {
        const key = newId();
        const wanted = UidSet.from(chunk.map((ref) => ref.uid));
        const { value, entry } = await writer.submit({
          needsView: true,
          weight: chunk.length,
          evaluate: (draft) => {
            const live = stillLive(draft.live(wanted), chunk);
            const placements = live.map((ref) => ({ ...toDraft(ref), flags: draft.flagsOf(ref.uid), savedAtMs: Date.now() }));
            const intent: MoveIntent = { to, key, messages: placements };
            if (live.length > 0) draft.moveOut(UidSet.from(live.map((ref) => ref.uid)), intent);
            return { intent, uids: live.map((ref) => ref.uid) };
          },
        });
        if (value.uids.length === 0) continue;
        const placed = await finishMove(user, value.intent);
        for (const uid of value.uids) result.from.push(uid);
        for (const uid of placed.uids) result.to.push(uid);
        modseq = entry?.modseq ?? modseq;
      }
      return { mailbox: to, uidValidity, ...result, modseq, expunged: UidSet.from(result.from) };
    });
  };

  return {
    operations: {
      append,
      copy,
      move,
      replace: createReplace({ registry, quota: parts.quota, confirm: parts.confirm, refsOf, toDraft, finishMove, draftOf }),
      store: (user, mailbox, request) =>
        registry.use(user, mailbox, async (log, writer) => {
          const { value, entry } = await writer.submit({ needsView: true, weight: 0, evaluate: (draft) => draft.store(request) });
          return { ...value, modseq: entry?.modseq ?? log.modseq };
        }),
      expunge: (user, mailbox, { uids, onlyDeleted }) =>
        registry.use(user, mailbox, async (log, writer) => {
          const { value, entry } = await writer.submit({
            needsView: true,
            weight: 0,
            evaluate: (draft) => draft.expunge(uids, onlyDeleted),
          });
          return { modseq: entry?.modseq ?? log.modseq, expunged: value };
        }),
    },
    removeLost: (entry, uids) => {
      parts.log.warn('messages without content are removed; they were never acknowledged, or expunged long ago', {
        mailbox: entry.mailbox,
        uids: uids.length,
      });
      void expungeLost(entry.user, entry.mailbox, uids);
    },
    finishMoves: async (entry) => {
      for (const change of entry.changes) {
        if (change.kind === 'expunge' && change.move !== undefined) await finishMove(entry.user, change.move);
      }
    },
  };
}

/** All UIDs there can be. */
export function wholeMailbox(): UidSet {
  return UidSet.range(1, MAX_UINT32);
}

type DraftRef = PlacementRef & { readonly flags: readonly string[] };

function toDraft(ref: DraftRef): DraftMessage {
  return {
    id: newId() as MessageId,
    content: ref.content,
    flags: ref.flags,
    internalDateMs: ref.internalDateMs,
    sizeBytes: ref.sizeBytes,
    thread: ref.thread,
  };
}

function draftOf({ stored, flags, internalDateMs }: NewMessage): DraftMessage {
  const { content, sizeBytes, thread } = stored;
  return { id: newId() as MessageId, content, flags, internalDateMs, sizeBytes, thread };
}

function withoutSavedAt(message: DraftMessage): DraftMessage {
  const { savedAtMs: _, ...rest } = message;
  return rest;
}

function stillLive(live: readonly Uid[], refs: readonly DraftRef[]): DraftRef[] {
  const there = new Set<number>(live);
  return refs.filter((ref) => there.has(ref.uid));
}

/** What an earlier append with that key placed. */
async function placedBefore(database: Database, once: string): Promise<AppendResult> {
  const entry = await findMove(database, once);
  if (entry === undefined) throw nonexistent('What was placed before is gone.');
  const placed = entry.changes.flatMap((change) => (change.kind === 'append' ? change.messages : []));
  const node = await readNode(database, entry.user, entry.mailbox);
  return {
    mailbox: entry.mailbox,
    uidValidity: node?.uidValidity ?? 0,
    uids: placed.map(({ uid }) => uid),
    ids: placed.map(({ id }) => id),
    modseq: entry.modseq,
  };
}

async function uidsOfMove(database: Database, move: MoveIntent): Promise<Uid[]> {
  const entry = await findMove(database, move.key);
  if (entry === undefined) throw nonexistent('The moved messages are gone.');
  const wanted = new Set(move.messages.map((message) => message.id));
  return entry.changes
    .flatMap((change) => (change.kind === 'append' ? change.messages : []))
    .filter((message) => wanted.has(message.id))
    .map((message) => message.uid);
}

function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
