/**
 * Mail into the queue, to whatever its recipients stand for: one message for those who get it as it came, and one in a rewritten sender's name for each domain
 * here that forwards it elsewhere. Used by everything that sends.
 */
import type { ContentOperations, StoredContent } from '../operations/contract.ts';
import type { EnqueueOptions, NewEntry } from '../store/types-queue.ts';
import type { EnvelopeRecipient } from './envelope.ts';
import { destinationOf, type Expanded, type Expansion } from './expansion.ts';
import type { NewEnvelope, Queue } from './queue/queue.ts';
import { rewriteSender } from './srs.ts';

/** The message's bytes; or a stored content, with fields of this copy alone before it. */
export type MessageSource = Buffer | { readonly stored: StoredContent; readonly head?: Buffer };

export type Dispatched = { readonly entries: readonly NewEntry[]; readonly repeated: boolean };

export type Dispatch = {
  /** Durable when it resolves. */
  readonly send: (
    envelope: NewEnvelope,
    recipients: Expanded,
    source: MessageSource,
    options: EnqueueOptions,
  ) => Promise<Dispatched>;
  /** The same for plain addresses; nobody among them is no fault, and nothing is sent to nobody. */
  readonly sendTo: (
    envelope: NewEnvelope,
    addresses: readonly string[],
    source: MessageSource,
    options: EnqueueOptions,
  ) => Promise<Dispatched>;
  /** Forwards for an address here: those who get it elsewhere get it in a sender's name at the address's domain. */
  readonly forwardFor: (
    address: string,
    envelope: NewEnvelope,
    targets: readonly string[],
    source: MessageSource,
    options: EnqueueOptions,
  ) => Promise<Dispatched>;
};

export type DispatchParts = {
  readonly expansion: Expansion;
  readonly queue: Pick<Queue, 'enqueue'>;
  readonly contents: Pick<ContentOperations, 'store'>;
  readonly srsSecret: () => Promise<Buffer>;
  /** Tells the queue's runner. */
  readonly wake: () => void;
};

export function createDispatch({ expansion, queue, contents, srsSecret, wake }: DispatchParts): Dispatch {
  const send: Dispatch['send'] = async (envelope, { entries, forwards }, source, options) => {
    // Stored once, however many ways it goes.
    const stored = Buffer.isBuffer(source) && forwards.size > 0 ? { stored: await contents.store(source) } : source;
    let repeated = false;
    const all: NewEntry[] = [...entries];
    if (entries.length > 0) ({ repeated } = await queue.enqueue(envelope, entries, stored, options));
    for (const [via, forwarded] of forwards) {
      // Who is at home there already needs no other name.
      const own = envelope.from !== '' && destinationOf(envelope.from) === via;
      const from = own ? envelope.from : rewriteSender(envelope.from, via, await srsSecret(), options.now.getTime());
      const key = options.key === undefined ? {} : { key: `${options.key}:${via}` };
      await queue.enqueue({ ...envelope, from }, forwarded, stored, { ...options, ...key });
      all.push(...forwarded);
    }
    if (all.length > 0) wake();
    return { entries: all, repeated };
  };

  const recipientsOf = async (addresses: readonly string[]): Promise<readonly EnvelopeRecipient[]> => {
    const known: EnvelopeRecipient[] = [];
    for (const address of addresses) {
      const target = await expansion.classify(address);
      if (target.kind !== 'unknown' && target.kind !== 'disabled') known.push({ address, target });
    }
    return known;
  };

  return {
    send,
    sendTo: async (envelope, addresses, source, options) =>
      send(envelope, await expansion.expand(await recipientsOf(addresses)), source, options),
    forwardFor: async (address, envelope, targets, source, options) =>
      send(envelope, await expansion.expand([{ address, target: { kind: 'forward', targets } }]), source, options),
  };
}
