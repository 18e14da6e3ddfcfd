/**
 * Mail that a user moves or copies into Junk is spam, mail that leaves it for another mailbox than Trash is not: a cover over the store's operations that
 * learns from it. In the background and bounded: a move never waits for it, and a flood of moves is learnt from in part.
 */
import { LruCache } from '../../base/lru.ts';
import type { Logger } from '../../base/log.ts';
import type { MailboxId, UserId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import type { CopyResult, MessageOperations, Operations } from '../../operations/contract.ts';
import type { HookEvent } from '../../operations/webhooks.ts';
import type { Kind } from '../../store/spam-words.ts';
import type { Learning } from './learning.ts';

export type JunkTraining = {
  /** The same operations, observed. */
  readonly operations: Operations;
  /** Resolves when all that was seen so far is learnt. */
  readonly settled: () => Promise<void>;
};

const MAX_WAITING = 500;
const FRESH_MS = 60_000;

export type JunkTrainingParts = {
  readonly operations: Operations;
  readonly learning: Pick<Learning, 'learn'>;
  /** Told of what users mark: `message.spam`, `message.notspam`. */
  readonly emit: (event: HookEvent) => void;
  readonly log: Logger;
};

export function trainFromMoves({ operations: inner, learning, emit, log }: JunkTrainingParts): JunkTraining {
  const uses = new LruCache<string, { use: string | undefined; atMs: number }>(10_000);
  let waiting = 0;
  let work: Promise<void> = Promise.resolve();

  async function useOf(user: UserId, mailbox: MailboxId): Promise<string | undefined> {
    const known = uses.get(mailbox);
    if (known !== undefined && Date.now() - known.atMs < FRESH_MS) return known.use;
    const use = (await inner.mailboxes.get(user, mailbox))?.specialUse;
    uses.set(mailbox, { use, atMs: Date.now() });
    return use;
  }

  async function kindOf(user: UserId, from: MailboxId, to: MailboxId): Promise<Kind | undefined> {
    const [source, target] = [await useOf(user, from), await useOf(user, to)];
    if (source === target) return undefined;
    if (target === '\\Junk') return 'spam';
    return source === '\\Junk' && target !== '\\Trash' ? 'ham' : undefined;
  }

  async function learnFrom(user: UserId, from: MailboxId, to: MailboxId, result: CopyResult): Promise<void> {
    const kind = await kindOf(user, from, to);
    if (kind === undefined) return;
    for await (const batch of inner.reads.metadata(user, to, UidSet.from(result.to))) {
      for (const { content, id } of batch) {
        emit({ type: kind === 'spam' ? 'message.spam' : 'message.notspam', user, message: id, mailbox: to, from });
        const open = await inner.contents.open(content);
        await learning.learn(user, content, await open.readAll(0, Math.min(open.sizeBytes, 512 * 1024)), kind);
      }
    }
  }

  function observe(user: UserId, from: MailboxId, to: MailboxId, result: CopyResult): void {
    if (result.to.length === 0 || waiting >= MAX_WAITING) return;
    waiting += 1;
    work = work
      .then(() => learnFrom(user, from, to, result))
      .catch((error: unknown) => log.warn('not learnt from a move', { user, error }))
      .finally(() => {
        waiting -= 1;
      });
  }

  const messages: MessageOperations = {
    ...inner.messages,
    move: async (user, from, uids, to, ...rest) => {
      const result = await inner.messages.move(user, from, uids, to, ...rest);
      observe(user, from, to, result);
      return result;
    },
    copy: async (user, from, uids, to, ...rest) => {
      const result = await inner.messages.copy(user, from, uids, to, ...rest);
      // Into another user's mailbox: nobody's judgement of this mail.
      if (rest.every((other) => other === undefined || other === user)) observe(user, from, to, result);
      return result;
    },
  };
  return { operations: { ...inner, messages }, settled: () => work };
}
