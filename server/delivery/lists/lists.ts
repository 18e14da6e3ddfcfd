/**
 * Distribution lists. A post is a queue entry of its own: when its turn comes, the list's rules are asked, and it goes on to the members, comes back to its
 * sender, or waits, held, for a moderator. So a crash loses no post and passes none on twice, and a moderator decides by the same means as an administrator.
 */
import type { Logger } from '../../base/log.ts';
import type { UserId } from '../../mail/ids.ts';
import { analyzeMessage } from '../../mime/analyze.ts';
import { addressKey } from '../../operations/account-names.ts';
import type { ContentOperations, Operations } from '../../operations/contract.ts';
import type { DistributionList } from '../../operations/contract-accounts.ts';
import type { QueueEntry } from '../../store/types-queue.ts';
import type { Dispatch } from '../dispatch.ts';
import type { TraceSink } from '../hooks.ts';
import type { Queue } from '../queue/queue.ts';
import { countReceived } from '../trace-header.ts';
import { fieldValue, readHeaderFields } from '../../mime/header-fields.ts';
import { cameThrough, listFields, roleAddress, withoutListFields } from './list-fields.ts';
import { composeAnswer, composeQuestion, tryDecision } from './moderation-mail.ts';

export type ListOutcome =
  | { readonly kind: 'delivered' | 'held' }
  | { readonly kind: 'refused'; readonly status: string; readonly text: string };

export type Lists = {
  /** Passes a post on, refuses it, or leaves it to the moderators. Safe to repeat for the same entry. */
  readonly post: (entry: QueueEntry, list: DistributionList, body: Buffer) => Promise<ListOutcome>;
  /** A moderator's mail. */
  readonly moderate: (entry: QueueEntry, list: DistributionList, body: Buffer) => Promise<ListOutcome>;
  /** Why nobody may post this, so that the sender is told at once; undefined = it may be a post. */
  readonly refusal: (list: DistributionList, senders: readonly string[]) => Promise<string | undefined>;
};

export type ListParts = {
  readonly operations: Pick<Operations, 'accounts'> & { readonly contents: Pick<ContentOperations, 'store'> };
  readonly addressesOf: (user: UserId) => Promise<readonly string[]>;
  readonly queue: Pick<Queue, 'get' | 'approve' | 'giveUp' | 'remove'>;
  readonly secret: () => Promise<Buffer>;
  /** Late, because what sends also delivers. */
  readonly dispatch: () => Dispatch;
  readonly wake: () => void;
  readonly trace?: TraceSink;
  readonly log: Logger;
  readonly now: () => number;
};

const LOOP = { kind: 'refused', status: '5.4.6', text: 'The message has been through this list before' } as const;
const HEADER_BYTES = 256 * 1024;
const MAX_RECEIVED = 50;

export function createLists(parts: ListParts): Lists {
  const { operations, queue, log, now, trace } = parts;

  /** Every spelling of a sender: what was written, and all addresses of the user here who has it. */
  async function keysOf(addresses: readonly string[]): Promise<ReadonlySet<string>> {
    const keys = new Set<string>();
    for (const address of addresses) {
      const found = await operations.accounts.resolveRecipient(address);
      const own = found.kind === 'user' ? await parts.addressesOf(found.account.user) : [];
      for (const one of [address, ...own]) keys.add(addressKey(one) ?? one.toLowerCase());
    }
    return keys;
  }

  const includesAny = (list: readonly string[], keys: ReadonlySet<string>): boolean =>
    list.some((one) => keys.has(addressKey(one) ?? one.toLowerCase()));

  const refusal: Lists['refusal'] = async (list, senders) => {
    if (list.posting !== 'members') return undefined;
    const keys = await keysOf(senders);
    if (includesAny(list.members, keys) || includesAny(list.moderators, keys)) return undefined;
    return `Only its members may write to ${list.address}`;
  };

  const post: Lists['post'] = async (entry, list, body) => {
    if (cameThrough(body, list) || countReceived(body) > MAX_RECEIVED) return LOOP;
    const { from, subject } = analyzeMessage(body.subarray(0, HEADER_BYTES));
    const authors = from.map(({ address }) => address);
    const senders = [...new Set([entry.from, ...authors])].filter((address) => address !== '');
    if (entry.approved === undefined) {
      const why = await refusal(list, senders);
      if (why !== undefined) {
        tell(entry, list, 'refused: not a member');
        return { kind: 'refused', status: '5.7.1', text: why };
      }
      if (list.moderated && !(await isModerators(entry, list, authors))) {
        await ask(entry, list, body, authors[0] ?? entry.from, subject);
        tell(entry, list, 'waits for a moderator');
        return { kind: 'held' };
      }
    }
    await passOn(entry, list, body);
    tell(entry, list, `passed on to ${list.members.length} members`, entry.approved);
    return { kind: 'delivered' };
  };

  /** From is easily forged: an address of a user here counts only when that user has signed in. */
  async function isModerators(entry: QueueEntry, list: DistributionList, authors: readonly string[]): Promise<boolean> {
    for (const author of authors) {
      if (!includesAny(list.moderators, await keysOf([author]))) return false;
      const found = await operations.accounts.resolveRecipient(author);
      if (found.kind !== 'user' || found.account.user !== entry.user) return false;
    }
    return authors.length > 0;
  }

  async function passOn(entry: QueueEntry, list: DistributionList, body: Buffer): Promise<void> {
    const plain = withoutListFields(body);
    const { user: _user, envelopeId: _id, returnContent: _return, ...envelope } = envelopeOf(entry);
    await parts
      .dispatch()
      .forwardFor(
        list.address,
        { ...envelope, from: roleAddress(list, 'bounces') },
        list.members,
        { stored: await operations.contents.store(plain), head: Buffer.from(listFields(list)) },
        { now: new Date(now()), key: `list:${entry.id}` },
      );
  }

  async function ask(entry: QueueEntry, list: DistributionList, post: Buffer, from: string, subject: string): Promise<void> {
    const question = { list, entry: entry.id, from, subject, post, secret: await parts.secret(), now: new Date(now()) };
    await send(entry, list.moderators, await composeQuestion(question), 'moderation', `${entry.id}:moderation`);
  }

  const moderate: Lists['moderate'] = async (entry, list, body) => {
    const message = analyzeMessage(body.subarray(0, HEADER_BYTES));
    const automatic = readHeaderFields(body, 0, body.length, HEADER_BYTES).some(
      (field) => field.name === 'auto-submitted' && !/^no\b/i.test(fieldValue(body, field)),
    );
    const decision = automatic ? undefined : tryDecision(message.subject, await parts.secret());
    if (decision === undefined) return { kind: 'refused', status: '5.7.1', text: 'This is no decision of a moderator' };
    const waiting = await queue.get(decision.entry);
    const by = message.from[0]?.address ?? entry.from;
    const done =
      waiting?.list === list.id &&
      waiting.moderated === true &&
      (decision.verdict === 'approve'
        ? await queue.approve(decision.entry, by, new Date(now()))
        : decision.verdict === 'refuse'
          ? await queue.giveUp(decision.entry, `A moderator of ${list.address} did not accept the message`, new Date(now()))
          : await queue.remove(decision.entry));
    if (done && waiting !== undefined) tell(waiting, list, decision.verdict, by);
    parts.wake();
    const done_ = { approve: 'The message is passed on', refuse: 'The message is returned', discard: 'The message is dropped' };
    if (entry.from !== '') {
      const words = done ? done_[decision.verdict] : 'The message does not wait any more: somebody else has decided';
      await send(entry, [entry.from], await composeAnswer(list, new Date(now()), words), 'moderation', `${entry.id}:answer`);
    }
    return { kind: 'delivered' };
  };

  async function send(entry: QueueEntry, to: readonly string[], message: Buffer, what: string, key: string): Promise<void> {
    await parts.dispatch().sendTo(
      {
        from: '',
        transactionId: `${entry.transactionId}-${what}`,
        body: '8BITMIME',
        smtpUtf8: to.some((address) => /[^\u0000-\u007f]/.test(address)),
        requireTls: false,
        messageId: '',
        subject: what,
      },
      to,
      message,
      { now: new Date(now()), key },
    );
  }

  function tell(entry: QueueEntry, list: DistributionList, text: string, by?: string): void {
    const fields = { transaction: entry.transactionId, list: list.address, text, ...(by === undefined ? {} : { by }) };
    log.info('list', fields);
    trace?.record({ kind: 'rule', atMs: now(), ...fields });
  }

  return { post, moderate, refusal };
}

function envelopeOf(entry: QueueEntry) {
  const { transactionId, user, body, smtpUtf8, returnContent, envelopeId, requireTls, messageId, subject } = entry;
  return { transactionId, user, body, smtpUtf8, returnContent, envelopeId, requireTls, messageId, subject };
}
