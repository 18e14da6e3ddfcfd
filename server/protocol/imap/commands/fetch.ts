/**
 * FETCH and UID FETCH. Responses stream: what the view knows is written from the view, metadata comes in batches, contents are opened a few ahead and read by
 * ranges; no more than a few messages and two flushes are in memory. \Seen is set by one store for the whole command, before the responses, which so show it.
 */
import { isFault } from '../../../base/fault.ts';
import { formatInternalDate } from '../../../mail/internal-date.ts';
import type { ContentId, Modseq, Uid } from '../../../mail/ids.ts';
import { UidSet, UidSetBuilder } from '../../../mail/uid-set.ts';
import type { Flags, MessageMeta, OpenContent, Operations } from '../../../operations/contract.ts';
import { type CommandContext, type CommandSpec, type Completion, SELECTED, command, no, ok } from '../command.ts';
import { enableFeature } from '../enable.ts';
import { FetchedContent, canDecode, writeContentItem } from '../fetch/content.ts';
import { type FetchPlan, planFetch } from '../fetch/plan.ts';
import { requireRights, selectedRights } from '../mailbox-names.ts';
import { resolveMessages } from '../message-set.ts';
import { writeVanishedEarlier } from '../qresync.ts';
import { partialOf } from '../search/answer.ts';
import { syntaxFault } from '../wire/cursor.ts';
import { resolveSequenceSet } from '../../../mail/sequence-set.ts';
import type { SessionMailbox } from '../session-mailbox.ts';
import { flagsText, writePendingKeywords } from '../updates.ts';
import { type FetchArguments, type FetchItem, expectFetchArguments } from '../wire/fetch-items.ts';

/** Messages and octets that are fetched ahead together, while those before them are written. */
const WINDOW_MESSAGES = 64;
const WINDOW_BYTES = 2 << 20;

const fetch = command<FetchArguments>({
  names: ['FETCH', 'UID FETCH'],
  states: SELECTED,
  rfc: '3501 §6.4.5, 7162 §3.1.4, §3.2.6, 9394 §3.4, 3516, 8474, 8514, 8970',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['BINARY', 'SAVEDATE', 'PREVIEW']),
  expunge: 'uid',
  byNumber: true,
  parse: (args, { uid }) => expectFetchArguments(args, uid),
  run: async (context, args, { name, uid }) => {
    const { session } = context;
    const { box } = session;
    if (args.changedSince !== undefined || args.items.some((item) => item.item === 'MODSEQ')) enableFeature(context, 'CONDSTORE');
    // RFC 7162 §3.2.6.
    if (args.vanished && !session.isEnabled('QRESYNC')) throw syntaxFault('ENABLE QRESYNC first');
    if (args.vanished)
      await writeVanishedEarlier(context, args.changedSince!, resolveSequenceSet(args.set, box.maxUid, session.saved));
    let uids = resolveMessages(session, args.set, uid);
    if (args.changedSince !== undefined) uids = changedSince(box, uids, args.changedSince);
    // RFC 9394 §3.4.
    if (args.partial !== undefined) uids = partialOf(uids, args.partial);
    if (uids.isEmpty) return ok(`${name} completed`);
    const named = uid && !session.isEnabled('UIDONLY');
    let plan = planFetch(args.items, named, args.changedSince !== undefined);
    const rights = await selectedRights(context);
    requireRights(rights, 'r');
    if (plan.setsSeen && !box.readOnly && rights.includes('s')) {
      const seen = await setSeen(context, uids);
      // RFC 3501 §6.4.5: flags that the command changed are part of its responses.
      if (!seen.isEmpty && !plan.hasFlags) plan = planFetch([...args.items, { item: 'FLAGS' }], named, plan.hasModseq);
    }
    // Under CONDSTORE, told flags come with their MODSEQ.
    if (plan.hasFlags && session.condstore && !plan.hasModseq) plan = planFetch(plan.items, named, true);
    return new Fetch(context, plan, name).run(uids);
  },
});

/** Tells items of messages that the client did not ask for by FETCH (NOTIFY, RFC 5465 §5.2). Sets no \Seen. */
export async function tellMessages(context: CommandContext, items: readonly FetchItem[], uids: UidSet): Promise<void> {
  await new Fetch(context, planFetch(items, true, context.session.condstore), 'NOTIFY').run(uids);
}

function changedSince(box: SessionMailbox, uids: UidSet, since: Modseq): UidSet {
  const changed = new UidSetBuilder();
  for (const uid of uids) if ((box.modseqOf(uid as Uid) ?? 0) > since) changed.add(uid);
  return changed.build();
}

/** Answers what is newly seen. */
async function setSeen({ ops, session }: CommandContext, uids: UidSet): Promise<UidSet> {
  const { box } = session;
  const unseen = new UidSetBuilder();
  for (const uid of uids) if (box.flagsOf(uid as Uid)?.includes('\\Seen') === false) unseen.add(uid);
  const wanted = unseen.build();
  if (wanted.isEmpty) return wanted;
  const { user, mailbox } = box.view;
  const { changed, modseq } = await ops.messages.store(user, mailbox, { uids: wanted, operation: 'add', flags: ['\\Seen'] });
  if (box.view.modseq < modseq) await ops.views.refresh(box.view);
  return changed;
}

/** The item may need the bodies of parts, beyond the headers. */
function readsBodies(item: FetchItem): boolean {
  if (item.item === 'RFC822' || item.item === 'RFC822.TEXT' || item.item === 'BINARY[]' || item.item === 'BINARY.SIZE[]')
    return true;
  return item.item === 'BODY[]' && (item.section.text === '' || item.section.text === 'TEXT');
}

function* windowsOf(batch: readonly MessageMeta[], bodies: boolean): Generator<readonly MessageMeta[]> {
  let window: MessageMeta[] = [];
  let bytes = 0;
  for (const meta of batch) {
    if (window.length > 0 && (window.length >= WINDOW_MESSAGES || (bodies && bytes + meta.sizeBytes > WINDOW_BYTES))) {
      yield window;
      window = [];
      bytes = 0;
    }
    window.push(meta);
    bytes += meta.sizeBytes;
  }
  if (window.length > 0) yield window;
}

/** Undefined when it is gone for good: expunged long ago, or it never quite arrived. The others are told all the same. */
async function openIfThere(ops: Operations, content: ContentId): Promise<OpenContent | undefined> {
  try {
    return await ops.contents.open(content);
  } catch (error) {
    if (isFault(error, 'NONEXISTENT')) return undefined;
    throw error;
  }
}

class Fetch {
  readonly #context: CommandContext;
  readonly #plan: FetchPlan;
  readonly #name: string;
  readonly #box: SessionMailbox;
  /** Of the message whose response is being written, as they were when it began: a response that waits for its content tells one moment. */
  #flags: Flags = [];
  #modseq = 1 as Modseq;
  #missing = false;
  #unknownEncoding = false;
  #overLimit = false;

  constructor(context: CommandContext, plan: FetchPlan, name: string) {
    this.#context = context;
    this.#plan = plan;
    this.#name = name;
    this.#box = context.session.box;
  }

  async run(uids: UidSet): Promise<Completion> {
    if (this.#plan.source === 'view') await this.#fromView(uids);
    else if (this.#plan.source === 'metadata') await this.#fromMetadata(uids);
    else await this.#fromContents(uids);
    if (this.#overLimit) return no('The download limit of today is reached, try again tomorrow', 'LIMIT');
    if (this.#unknownEncoding) return no('Some parts have an unknown transfer encoding', 'UNKNOWN-CTE');
    // RFC 2180 §4.1.2: what was expunged long ago can't be shown any more.
    if (this.#missing) return no('Some messages were expunged', 'EXPUNGEISSUED');
    return ok(`${this.#name} completed`);
  }

  async #fromView(uids: UidSet): Promise<void> {
    const { out } = this.#context;
    for (const uid of uids) {
      this.#write(uid as Uid, undefined);
      if (out.isFull) await out.drain();
    }
  }

  async #fromMetadata(uids: UidSet): Promise<void> {
    const { out } = this.#context;
    for await (const batch of this.#metadata(uids)) {
      for (const meta of batch) {
        this.#write(meta.uid, meta);
        if (out.isFull) await out.drain();
      }
      if (out.closed) return;
    }
  }

  async #fromContents(uids: UidSet): Promise<void> {
    const { ops, out, session } = this.#context;
    const { traffic } = ops;
    const { user } = session.account;
    const bodies = this.#plan.items.some(readsBodies);
    const fetchAhead = (window: readonly MessageMeta[] | undefined): Promise<void> =>
      window === undefined
        ? Promise.resolve()
        : ops.contents.prefetch(
            window.map((meta) => meta.content),
            { bodies },
          );
    for await (const batch of this.#metadata(uids)) {
      const windows = [...windowsOf(batch, bodies)];
      let ready = fetchAhead(windows[0]);
      for (const [index, window] of windows.entries()) {
        await ready;
        ready = fetchAhead(windows[index + 1]);
        // A failure is met when its turn comes; until then it must not count as unhandled.
        ready.catch(() => {});
        if (bodies && (await traffic?.allows(user, 'imapDownload')) === false) {
          this.#overLimit = true;
          return;
        }
        const before = out.writtenBytes;
        for (const meta of window) {
          const content = await openIfThere(ops, meta.content);
          if (content === undefined) {
            this.#missing = true;
            continue;
          }
          await this.#writeContent(meta, new FetchedContent(content));
          if (out.isFull) await out.drain();
          if (out.closed) return;
        }
        traffic?.count(user, 'imapDownload', out.writtenBytes - before);
      }
    }
  }

  async *#metadata(uids: UidSet): AsyncGenerator<readonly MessageMeta[]> {
    const { user, mailbox } = this.#box.view;
    let found = 0;
    for await (const batch of this.#context.ops.reads.metadata(user, mailbox, uids)) {
      found += batch.length;
      yield batch;
    }
    if (found < uids.count) this.#missing = true;
  }

  /** One response without content items. */
  #write(uid: Uid, meta: MessageMeta | undefined): void {
    const { out } = this.#context;
    const seq = this.#begin(uid);
    if (seq === undefined) return;
    let separator = this.#head(seq, uid);
    for (const item of this.#plan.items) {
      this.#writeItem(separator, uid, item, meta);
      separator = ' ';
    }
    out.raw(')\r\n');
  }

  async #writeContent(meta: MessageMeta, message: FetchedContent): Promise<void> {
    const { out } = this.#context;
    const { uid } = meta;
    if (!canDecode(this.#plan.items, message)) {
      this.#unknownEncoding = true;
      return;
    }
    const seq = this.#begin(uid);
    if (seq === undefined) return;
    let separator = this.#head(seq, uid);
    for (const item of this.#plan.items) {
      if (!this.#writeItem(separator, uid, item, meta)) {
        out.raw(separator);
        await writeContentItem(out, item, message);
      }
      separator = ' ';
    }
    out.raw(')\r\n');
  }

  /** RFC 9586 §3.3: with UIDONLY the response names the UID. */
  #head(seq: number, uid: Uid): string {
    return this.#context.session.isEnabled('UIDONLY') ? `* ${uid} UIDFETCH (` : `* ${seq} FETCH (`;
  }

  /** Before a response: its sequence number; what it will tell of the flags counts as told, so that a change from here on is told again. */
  #begin(uid: Uid): number | undefined {
    const box = this.#box;
    const seq = box.seqOf(uid);
    if (seq === undefined) return undefined;
    this.#modseq = box.modseqOf(uid) ?? this.#modseq;
    if (this.#plan.hasFlags) {
      writePendingKeywords(this.#context.out, this.#context.session);
      this.#flags = box.flagsOf(uid) ?? [];
      box.flagsTold(uid);
    }
    return seq;
  }

  /** False when the item needs the content. */
  #writeItem(separator: string, uid: Uid, item: FetchItem, meta: MessageMeta | undefined): boolean {
    const { out } = this.#context;
    const box = this.#box;
    switch (item.item) {
      case 'UID':
        out.raw(`${separator}UID ${uid}`);
        return true;
      case 'FLAGS':
        out.raw(`${separator}FLAGS (${flagsText(this.#flags, box.isRecent(uid))})`);
        return true;
      case 'MODSEQ':
        out.raw(`${separator}MODSEQ (${this.#modseq})`);
        return true;
      case 'INTERNALDATE':
        out.raw(`${separator}INTERNALDATE "${formatInternalDate(box.internalDateOf(uid) ?? 0)}"`);
        return true;
      case 'RFC822.SIZE':
        out.raw(`${separator}RFC822.SIZE ${box.sizeOf(uid) ?? 0}`);
        return true;
      case 'ENVELOPE':
        out.raw(`${separator}ENVELOPE `).encoded(meta!.envelope);
        return true;
      case 'BODYSTRUCTURE':
        out.raw(`${separator}BODYSTRUCTURE `).encoded(meta!.bodyStructure);
        return true;
      case 'EMAILID':
        out.raw(`${separator}EMAILID (${meta!.content})`);
        return true;
      case 'THREADID':
        out.raw(`${separator}THREADID (${meta!.thread})`);
        return true;
      case 'SAVEDATE':
        out.raw(`${separator}SAVEDATE "${formatInternalDate(meta!.savedAtMs)}"`);
        return true;
      default:
        return false;
    }
  }
}

export const fetchCommands: readonly CommandSpec[] = [fetch];
