/**
 * What recipients stand for: users here, other places, addresses that stand for others (aliases, lists, forwards), bounces to rewritten senders. Forwards are
 * followed to their ends, each end once.
 */
import type { Logger } from '../base/log.ts';
import { parseAddress } from '../mail/address.ts';
import type { Operations } from '../operations/contract.ts';
import type { LocalDomains } from '../store/local-domains.ts';
import type { NewEntry, QueueRecipient, QueueRoute } from '../store/types-queue.ts';
import type { EnvelopeRecipient, RecipientTarget } from './envelope.ts';
import { tryWebDestination } from './queue/web-entry.ts';
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
    if (found.kind === 'forward' || found.kind === 'list') return found;
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
      if (target.kind === 'list') {
        // An entry of its own: it may have to wait for a moderator.
        entries.addList(queueRecipient(recipient), target.list.id, target.role);
        return;
      }
      if (target.kind !== 'forward') {
        count += 1;
        if (count > MAX_ENDS) return;
        const destination = target.kind === 'local' ? 'local' : destinationOf(address);
        if (target.kind === 'local' || via === undefined) entries.add(destination, queueRecipient(recipient));
        else endsOf(forwards, destinationOf(via)).add(destination, queueRecipient(recipient), by(via));
        return;
      }
      if (depth >= MAX_FORWARD_DEPTH) {
        log.warn('forward in a loop', { address });
        return;
      }
      for (const next of target.targets) {
        const server = tryServer(next);
        if (server !== undefined) {
          endsOf(forwards, destinationOf(address)).add(server.host, queueRecipient(recipient), { ...by(address), route: server });
          continue;
        }
        const web = tryWebDestination(next);
        if (web !== undefined) {
          // The sender knows nothing of it, and shall not hear of it.
          entries.add(web, { address: next, notify: 'NEVER' });
          continue;
        }
        const found = await classify(next);
        if (found.kind === 'unknown' || found.kind === 'disabled') log.warn('forward to nobody', { address, target: next });
        // A failure beyond here concerns whoever forwards; who wrote asked only for notice of the address that was written to (RFC 3461 §5.2.7.3).
        else await follow({ address: next, target: found }, address, depth + 1);
      }
    };
    for (const recipient of recipients) await follow(recipient, undefined, 0);
    if (count > MAX_ENDS) log.error('a list has too many members', { ends: count });
    return { entries: entries.list(), forwards: new Map([...forwards].map(([via, ends]) => [via, ends.list()])) };
  };

  return { classify, expand };
}

type Server = QueueRoute;

/** `by`: the address here that passes it on. */
type Way = { readonly route?: Server; readonly by?: string };

class Ends {
  readonly #byDestination = new Map<string, { recipients: Map<string, QueueRecipient> } & Way>();
  readonly #lists = new Map<string, NewEntry>();

  addList(recipient: QueueRecipient, list: string, role: 'post' | 'moderate'): void {
    // Twice is once: under an alias domain, or as a member of two lists.
    const key = `${role} ${list}`;
    if (this.#lists.has(key)) return;
    this.#lists.set(key, { destination: 'local', recipients: [recipient], ...(role === 'post' ? { list } : {}) });
  }

  add(destination: string, recipient: QueueRecipient, way: Way = {}): void {
    const { route } = way;
    const key = route === undefined ? destination : `${route.username ?? ''}@${route.host}:${route.port}`;
    const known = this.#byDestination.get(key) ?? { recipients: new Map<string, QueueRecipient>(), ...way };
    this.#byDestination.set(key, known);
    if (!known.recipients.has(recipient.address)) known.recipients.set(recipient.address, recipient);
  }

  list(): NewEntry[] {
    const others = [...this.#byDestination].map(([key, { recipients, route, by }]) => ({
      destination: route === undefined ? key : route.host,
      recipients: [...recipients.values()],
      ...(route === undefined ? {} : { route }),
      ...(by === undefined ? {} : { forwardedBy: by }),
    }));
    return [...others, ...this.#lists.values()];
  }
}

/** A bounce that finds its way back is nobody's forward. */
function by(address: string): Way {
  return /^SRS0[=+-]/i.test(address) ? {} : { by: address };
}

function endsOf(map: Map<string, Ends>, key: string): Ends {
  const known = map.get(key) ?? new Ends();
  map.set(key, known);
  return known;
}

/** A forward to another server as it is: `smtp://host:port`, `smtps://name:password@host`. A password is never said without encryption. */
function tryServer(target: string): Server | undefined {
  if (!/^smtps?:\/\//i.test(target) || !URL.canParse(target)) return undefined;
  const url = new URL(target);
  const implicit = url.protocol.toLowerCase() === 'smtps:';
  const port = url.port === '' ? (implicit ? 465 : 25) : Number(url.port);
  const login = url.username === '' ? {} : { username: decoded(url.username), password: decoded(url.password) };
  const tls = implicit ? { tls: 'implicit' as const } : url.username === '' ? {} : { tls: 'required' as const };
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, ...tls, ...login };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
