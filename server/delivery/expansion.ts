/**
 * What recipients stand for: users here, other places, addresses that stand for others (aliases, lists, forwards), bounces to rewritten senders. Forwards are
 * followed to their ends, each end once.
 */
import type { Logger } from '../base/log.ts';
import { parseAddress } from '../mail/address.ts';
import type { Operations } from '../operations/contract.ts';
import type { LocalDomains } from '../store/local-domains.ts';
import type { NewEntry, QueueRecipient } from '../store/types-queue.ts';
import type { EnvelopeRecipient, RecipientTarget } from './envelope.ts';
import { tryOriginalSender } from './srs.ts';

export type Classification = RecipientTarget | { readonly kind: 'unknown' } | { readonly kind: 'disabled' };

export type Expanded = {
  /** With the sender as it came. */
  readonly entries: readonly NewEntry[];
  /** To other servers in the name of an address here: the sender is rewritten. By the domain that forwards. */
  readonly forwards: ReadonlyMap<string, readonly NewEntry[]>;
};

export type Expansion = {
  /** What a recipient is: ours, elsewhere, or nobody. `remote` says only that the domain is not ours. */
  readonly classify: (address: string) => Promise<Classification>;
  readonly expand: (recipients: readonly EnvelopeRecipient[]) => Promise<Expanded>;
};

export type ExpansionParts = {
  readonly operations: Operations;
  readonly localDomains: LocalDomains;
  readonly log: Logger;
  /** For bounces to forwarded mail; without it none are known. */
  readonly srsSecret?: () => Promise<Buffer>;
  readonly now?: () => number;
};

/** Forwards to forwards, at most so deep; what is deeper is a loop. */
const MAX_FORWARD_DEPTH = 5;
const MAX_ENDS = 10_000;

export function createExpansion({ operations, localDomains, log, srsSecret, now = Date.now }: ExpansionParts): Expansion {
  const classify: Expansion['classify'] = async (address) => {
    if (/^SRS0[=+-]/i.test(address) && srsSecret !== undefined) {
      const original = tryOriginalSender(address, await srsSecret(), now());
      if (original !== undefined) return { kind: 'forward', targets: [original] };
    }
    const found = await operations.accounts.resolveRecipient(address);
    if (found.kind === 'user') {
      return found.disabled ? { kind: 'disabled' } : { kind: 'local', account: found.account, label: found.label };
    }
    if (found.kind === 'forward') return { kind: 'forward', targets: found.targets };
    const parsed = parseAddress(address);
    if (!parsed.ok) return { kind: 'unknown' };
    return (await localDomains.has(parsed.value.asciiDomain)) ? { kind: 'unknown' } : { kind: 'remote' };
  };

  const expand: Expansion['expand'] = async (recipients) => {
    const entries = new Ends();
    const forwards = new Map<string, Ends>();
    let count = 0;
    const follow = async (recipient: EnvelopeRecipient, via: string | undefined, depth: number): Promise<void> => {
      const { target, address } = recipient;
      if (target.kind !== 'forward') {
        count += 1;
        if (count > MAX_ENDS) return;
        const destination = target.kind === 'local' ? 'local' : destinationOf(address);
        if (target.kind === 'local' || via === undefined) entries.add(destination, queueRecipient(recipient));
        else endsOf(forwards, via).add(destination, queueRecipient(recipient));
        return;
      }
      if (depth >= MAX_FORWARD_DEPTH) {
        log.warn('forward in a loop', { address });
        return;
      }
      for (const next of target.targets) {
        const server = tryServer(next);
        if (server !== undefined) {
          endsOf(forwards, destinationOf(address)).add(server.host, queueRecipient(recipient), server);
          continue;
        }
        const found = await classify(next);
        if (found.kind === 'unknown' || found.kind === 'disabled') log.warn('forward to nobody', { address, target: next });
        // A failure beyond here concerns whoever forwards; who wrote asked only for notice of the address that was written to (RFC 3461 §5.2.7.3).
        else await follow({ address: next, target: found }, destinationOf(address), depth + 1);
      }
    };
    for (const recipient of recipients) await follow(recipient, undefined, 0);
    if (count > MAX_ENDS) log.error('a list has too many members', { ends: count });
    return { entries: entries.list(), forwards: new Map([...forwards].map(([via, ends]) => [via, ends.list()])) };
  };

  return { classify, expand };
}

type Server = { readonly host: string; readonly port: number };

class Ends {
  readonly #byDestination = new Map<string, { recipients: Map<string, QueueRecipient>; route: Server | undefined }>();

  add(destination: string, recipient: QueueRecipient, route?: Server): void {
    const key = route === undefined ? destination : `${route.host}:${route.port}`;
    const known = this.#byDestination.get(key) ?? { recipients: new Map<string, QueueRecipient>(), route };
    this.#byDestination.set(key, known);
    if (!known.recipients.has(recipient.address)) known.recipients.set(recipient.address, recipient);
  }

  list(): NewEntry[] {
    return [...this.#byDestination].map(([key, { recipients, route }]) => ({
      destination: route === undefined ? key : route.host,
      recipients: [...recipients.values()],
      ...(route === undefined ? {} : { route }),
    }));
  }
}

function endsOf(map: Map<string, Ends>, key: string): Ends {
  const known = map.get(key) ?? new Ends();
  map.set(key, known);
  return known;
}

/** A forward to another server as it is: `smtp://host:port`. */
function tryServer(target: string): Server | undefined {
  if (!/^smtps?:\/\//i.test(target) || !URL.canParse(target)) return undefined;
  const url = new URL(target);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 25 : Number(url.port) };
}

function queueRecipient({ address, notify, originalRecipient }: EnvelopeRecipient): QueueRecipient {
  return {
    address,
    ...(notify === undefined ? {} : { notify }),
    ...(originalRecipient === undefined ? {} : { originalRecipient }),
  };
}

export function destinationOf(address: string): string {
  const parsed = parseAddress(address);
  return parsed.ok ? parsed.value.asciiDomain : address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
