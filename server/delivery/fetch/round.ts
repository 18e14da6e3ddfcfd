/**
 * One look at an account: what is new there is brought in, oldest first, and remembered; then what has its time there is removed. Each step may be the last before a
 * crash: what was placed and not remembered is found placed by the next look, and what was not removed is removed by it.
 */
import { createHash } from 'node:crypto';
import type { Budget } from '../../base/budget.ts';
import type { MailboxId } from '../../mail/ids.ts';
import type { Operations } from '../../operations/contract.ts';
import type { Account } from '../../operations/contract-accounts.ts';
import type { ExternalAccounts, LeasedAccount } from '../../operations/external-accounts.ts';
import { bringIn, type BringInParts } from './bring-in.ts';
import { asFetchFault, FetchFault } from './failure.ts';
import { openImapSource } from './imap-source.ts';
import { openPop3Source } from './pop3-source.ts';
import { hostPolicyOf, locate } from './remote-host.ts';
import type { Source, SourceMessage } from './source.ts';

export type RoundParts = BringInParts & {
  readonly accounts: ExternalAccounts;
  readonly operations: Operations;
  /** Memory for messages on their way. */
  readonly memory: Budget;
};

export type RoundResult = {
  readonly fetched: number;
  readonly refused: number;
  /** There is more, for which this look had no time. */
  readonly more: boolean;
  readonly error: FetchFault | undefined;
  /** The last message that was refused. */
  readonly refusal: FetchFault | undefined;
};

/** Somebody else has the account now, or it was changed. */
class LeaseLost extends Error {}

const DAY_MS = 86_400_000;
const DELETE_AT_ONCE = 2_000;
const MEMORY_WAIT_MS = 60_000;
/** Uids that are looked up at once. */
const KNOWN_AT_ONCE = 1_000;

/** Never throws. `stopping`: ends after the present message. */
export async function fetchRound(
  parts: RoundParts,
  account: LeasedAccount,
  user: Account,
  stopping: AbortSignal,
): Promise<RoundResult> {
  const round = new Round(parts, account, user, stopping);
  try {
    await round.run();
    return round.result(undefined);
  } catch (error) {
    if (error instanceof LeaseLost) return round.result(undefined);
    const fault = asFetchFault(error);
    parts.log.info('fetching stopped', {
      user: account.user,
      account: account.id,
      host: account.host,
      code: fault.code,
      reason: fault.message,
    });
    return round.result(fault);
  }
}

class Round {
  readonly #parts: RoundParts;
  readonly #account: LeasedAccount;
  readonly #user: Account;
  readonly #stopping: AbortSignal;
  #renewedMs: number;
  #fetched = 0;
  #refused = 0;
  #more = false;
  #refusal: FetchFault | undefined;

  constructor(parts: RoundParts, account: LeasedAccount, user: Account, stopping: AbortSignal) {
    this.#parts = parts;
    this.#account = account;
    this.#user = user;
    this.#stopping = stopping;
    this.#renewedMs = parts.now();
  }

  result(error: FetchFault | undefined): RoundResult {
    return { fetched: this.#fetched, refused: this.#refused, more: this.#more, error, refusal: this.#refusal };
  }

  async run(): Promise<void> {
    const mailbox = await this.#target();
    const source = await this.#open();
    try {
      const generation = `${identityOf(this.#account)}-${source.generation}`;
      const present = await this.#bringNew(source, generation, mailbox);
      if (this.#stopping.aborted) source.abort();
      else await this.#removeThere(source, generation, present);
    } catch (error) {
      source.abort();
      throw error;
    }
  }

  /** The chosen mailbox; one that is gone is told, and nothing is fetched: whoever deleted it shall say where the mail goes. */
  async #target(): Promise<MailboxId | undefined> {
    const { mailbox } = this.#account;
    if (mailbox === undefined) return undefined;
    const found = await this.#parts.operations.mailboxes.get(this.#user.user, mailbox as MailboxId);
    if (found === undefined || found.noSelect)
      throw new FetchFault('mailbox', 'The mailbox here into which it goes does not exist any more');
    return found.id;
  }

  async #open(): Promise<Source> {
    const { config } = this.#parts;
    const account = this.#account;
    const address = await locate(account.host, account.port, hostPolicyOf(config));
    if (account.password === '') throw new FetchFault('signIn', 'The password is lost with the sealing key: enter it again');
    const options = { ...account, address, timeoutMs: config.fetch.timeoutMs };
    return account.kind === 'imap'
      ? openImapSource({ ...options, maxMessageBytes: config.store.maxMessageBytes })
      : openPop3Source(options);
  }

  /** Answers all UIDs that are there, where they were all listed (POP3). */
  async #bringNew(source: Source, generation: string, mailbox: MailboxId | undefined): Promise<ReadonlySet<string> | undefined> {
    const { accounts, config } = this.#parts;
    const { id } = this.#account;
    const newest = source.ordered ? await accounts.messages.newest(id, generation) : undefined;
    const listed = await source.list(newest);
    const present = source.ordered ? undefined : new Set(listed.map(({ uid }) => uid));
    const renumbered = present !== undefined || (await accounts.messages.hasOlder(id, generation));
    let done = 0;
    for await (const message of this.#unknown(listed, generation)) {
      if (this.#stopping.aborted || done >= config.fetch.maxPerRound) {
        this.#more = true;
        break;
      }
      await this.#renew();
      await this.#bringOne(source, generation, message, mailbox, renumbered ? { present } : undefined);
      done += 1;
    }
    return present;
  }

  async *#unknown(listed: readonly SourceMessage[], generation: string): AsyncGenerator<SourceMessage> {
    for (let at = 0; at < listed.length; at += KNOWN_AT_ONCE) {
      const some = listed.slice(at, at + KNOWN_AT_ONCE);
      const known = await this.#parts.accounts.messages.known(
        this.#account.id,
        generation,
        some.map(({ uid }) => uid),
      );
      for (const message of some) if (!known.has(message.uid)) yield message;
    }
  }

  async #bringOne(
    source: Source,
    generation: string,
    { uid, sizeBytes }: SourceMessage,
    mailbox: MailboxId | undefined,
    renumbered: { readonly present: ReadonlySet<string> | undefined } | undefined,
  ): Promise<void> {
    const { accounts, memory, config } = this.#parts;
    const { maxMessageBytes } = config.store;
    const remember = (state: 'fetched' | 'refused', digest?: Buffer): Promise<void> =>
      accounts.messages.remember({
        user: this.#account.user,
        account: this.#account.id,
        generation,
        uid,
        at: new Date(this.#parts.now()),
        state,
        ...(digest === undefined ? {} : { digest }),
      });
    const refuse = async (fault: FetchFault, digest?: Buffer): Promise<void> => {
      await remember('refused', digest);
      this.#refused += 1;
      this.#refusal = fault;
    };
    if (sizeBytes > maxMessageBytes) return refuse(new FetchFault('refused', `A message of ${sizeBytes} octets is too big`));
    // A server that does not say how big a message is may send the biggest.
    const needed = (sizeBytes > 0 ? sizeBytes : maxMessageBytes) * 2;
    if (!(await memory.take(needed, MEMORY_WAIT_MS))) throw new FetchFault('busy', 'Too much mail is on its way at this moment');
    try {
      const bytes = await source.read(uid, maxMessageBytes);
      // Deleted meanwhile: it is not there to be fetched, now or later.
      if (bytes === undefined) return;
      const digest = createHash('sha256').update(bytes.raw).digest();
      if (renumbered !== undefined && (await this.#knownByBytes(digest, generation, renumbered.present))) {
        await remember('fetched', digest);
        return;
      }
      const brought = await bringIn(this.#parts, { external: this.#account, user: this.#user, mailbox }, source, {
        ...bytes,
        uid,
        generation,
      });
      if (brought.kind === 'refused') return await refuse(brought.fault, digest);
      await remember('fetched', digest);
      this.#fetched += 1;
    } finally {
      memory.giveBack(needed);
    }
  }

  /** The server gave a message that was fetched a new UID: the former one is not there any more. */
  async #knownByBytes(digest: Buffer, generation: string, present: ReadonlySet<string> | undefined): Promise<boolean> {
    const same = await this.#parts.accounts.messages.sameBytes(this.#account.id, digest);
    return same.some(
      (one) => one.state !== 'refused' && (one.generation !== generation || (present !== undefined && !present.has(one.uid))),
    );
  }

  async #removeThere(source: Source, generation: string, present: ReadonlySet<string> | undefined): Promise<void> {
    const { keep, keepDays, id } = this.#account;
    const { messages } = this.#parts.accounts;
    if (keep === 'leave') return source.close();
    const before = new Date(this.#parts.now() - (keep === 'days' ? keepDays * DAY_MS : -1));
    const due = await messages.toDelete(id, generation, before, DELETE_AT_ONCE);
    await this.#renew();
    const there = due.filter(({ uid }) => present === undefined || present.has(uid));
    if (there.length > 0) await source.remove(there.map(({ uid }) => uid));
    if (due.length === DELETE_AT_ONCE) this.#more = true;
    // POP3 deletes at QUIT: only then it is true.
    await source.close();
    await messages.deleted(due);
  }

  async #renew(): Promise<void> {
    const { now, accounts, config } = this.#parts;
    if (now() - this.#renewedMs < config.fetch.leaseMs / 4) return;
    if (!(await accounts.renew(this.#account, new Date(now() + config.fetch.leaseMs)))) throw new LeaseLost();
    this.#renewedMs = now();
  }
}

/** UIDs of one server, name and mailbox say nothing about another's. */
function identityOf({ kind, host, username, folder }: LeasedAccount): string {
  const name = [kind, host.toLowerCase(), username, kind === 'imap' ? folder : ''].join('\0');
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}
