/**
 * One attempt for one queue entry: to users here, or to another server. Answers what became of each recipient; throws nothing but what is our own fault.
 */
import { lookup } from 'node:dns/promises';
import type { Logger } from '../../base/log.ts';
import type { Config } from '../../config/schema.ts';
import type { Operations } from '../../operations/contract.ts';
import type { QueueEntry, QueueRecipient } from '../../store/queue.ts';
import type { Delivery, LocalRecipient } from '../deliver.ts';
import { describeOutcome } from '../outcome-reply.ts';
import { deliveryFields } from '../trace-header.ts';
import { chooseRoute, findAddresses, findHosts, RouteFault, type Dns, type Host, type Relay } from './destinations.ts';
import { SendFault, SmtpClient, type ConnectOptions } from './smtp-client.ts';

export type RecipientResult = {
  readonly recipient: QueueRecipient;
  readonly kind: 'delivered' | 'relayed' | 'temporary' | 'permanent';
  readonly status: string;
  readonly text: string;
  readonly server: string;
  /** The next server takes the sender's wish for notices over (RFC 3461 §5.2.2). */
  readonly passedOn?: boolean;
};

export type SendParts = {
  readonly config: Config;
  readonly operations: Operations;
  readonly delivery: Delivery;
  readonly dns: Dns;
  readonly random: () => number;
  readonly log: Logger;
  /** Signs or otherwise completes the message before it leaves. */
  readonly beforeSending?: (entry: QueueEntry, body: Buffer) => Promise<Buffer>;
};

const FAMILIES = { any: 0, ipv4: 4, ipv6: 6 } as const;

/** Keeps a connection for the next entry of the same destination. */
export class OpenConnection {
  client: SmtpClient | undefined;
  server = '';

  close(): void {
    this.client?.quit();
    this.client = undefined;
  }
}

export async function sendEntry(
  entry: QueueEntry,
  body: Buffer,
  parts: SendParts,
  open: OpenConnection,
): Promise<readonly RecipientResult[]> {
  if (entry.destination === 'local') return deliverHere(entry, body, parts);
  if (parts.config.outbound.mode === 'catch') return deliverHere(caught(entry, parts.config), body, parts, entry.recipients);
  try {
    const complete = (await parts.beforeSending?.(entry, body)) ?? body;
    return await sendAway(entry, complete, parts, open);
  } catch (error) {
    open.close();
    if (error instanceof RouteFault)
      return all(entry, error.permanent ? 'permanent' : 'temporary', error.enhanced, error.message, '');
    if (error instanceof SendFault) return all(entry, ...classify(error), open.server);
    throw error;
  }
}

/** Test mode: one user here gets it all. */
function caught(entry: QueueEntry, config: Config): QueueEntry {
  const address = config.outbound.catchAddress ?? '';
  return { ...entry, recipients: [{ address }] };
}

async function deliverHere(
  entry: QueueEntry,
  body: Buffer,
  parts: SendParts,
  reported: readonly QueueRecipient[] = entry.recipients,
): Promise<readonly RecipientResult[]> {
  const { operations, delivery, config } = parts;
  const here: { recipient: QueueRecipient; local: LocalRecipient }[] = [];
  const results: RecipientResult[] = [];
  for (const recipient of entry.recipients) {
    const found = await operations.accounts.resolveRecipient(recipient.address);
    if (found.kind === 'user' && !found.disabled) {
      here.push({ recipient, local: { address: recipient.address, account: found.account, label: found.label } });
    } else {
      const disabled = found.kind === 'user';
      const [status, text] = disabled ? ['5.2.1', 'The mailbox is disabled'] : ['5.1.1', 'No such user here'];
      results.push({ recipient, kind: 'permanent', status, text, server: '' });
    }
  }
  if (here.length > 0) {
    const origin = {
      transactionId: entry.transactionId,
      receivedAtMs: entry.created.getTime(),
      protocol: 'ESMTP',
      hello: '',
      remoteAddress: '',
      tls: undefined,
    };
    const envelope = {
      from: entry.from,
      recipients: here.map(({ recipient, local }) => ({
        ...recipient,
        target: { kind: 'local' as const, account: local.account, label: local.label },
      })),
      body: entry.body,
      smtpUtf8: entry.smtpUtf8,
    };
    const raw = Buffer.concat([Buffer.from(deliveryFields(envelope)), body]);
    const outcomes = await delivery.deliver(
      raw,
      here.map(({ local }) => local),
      origin,
      envelope,
    );
    for (const [index, outcome] of outcomes.entries()) {
      const recipient = here[index]?.recipient;
      if (recipient === undefined) continue;
      const { code, enhanced, text } = describeOutcome(outcome, {
        transactionId: entry.transactionId,
        quotaFailure: config.delivery.quotaFailure,
      });
      const kind = code < 400 ? 'delivered' : code < 500 ? 'temporary' : 'permanent';
      results.push({ recipient, kind, status: enhanced, text, server: '' });
    }
  }
  if (reported === entry.recipients) return results;
  const [sample] = results;
  return reported.map((recipient) => ({
    recipient,
    kind: sample?.kind ?? 'temporary',
    status: sample?.status ?? '4.3.0',
    text: sample?.text ?? '',
    server: '',
  }));
}

async function sendAway(
  entry: QueueEntry,
  body: Buffer,
  parts: SendParts,
  open: OpenConnection,
): Promise<readonly RecipientResult[]> {
  const client = open.client?.usable === true && (await open.client.reset()) ? open.client : await connectFor(entry, parts, open);
  open.client = client;
  const sent = await client.send(entry, entry.recipients, body);
  return sent.replies.map((reply, index): RecipientResult => {
    const recipient = entry.recipients[index] ?? { address: reply.address };
    if (reply.ok)
      return { recipient, kind: 'relayed', status: '2.0.0', text: reply.text, server: open.server, passedOn: client.supportsDsn };
    const kind = reply.code >= 500 ? 'permanent' : 'temporary';
    return { recipient, kind, status: statusOf(reply.text, reply.code), text: reply.text, server: open.server };
  });
}

async function connectFor(entry: QueueEntry, parts: SendParts, open: OpenConnection): Promise<SmtpClient> {
  const { config, dns, random } = parts;
  const { outbound } = config;
  const ownName = outbound.hostname ?? config.hostname;
  const route = chooseRoute(outbound, domainOf(entry.from), entry.destination);
  const hosts =
    route.kind === 'relay'
      ? await findRelay(route.relay, parts)
      : await findHosts(entry.destination, { dns, ipVersion: outbound.ipVersion, ownName, random });
  const base = {
    ehloName: ownName,
    connectTimeoutMs: outbound.connectTimeoutMs,
    ...(route.kind === 'relay'
      ? relayOptions(route.relay)
      : { port: outbound.port, tls: 'opportunistic' as const, verifyCertificate: false }),
  };
  let failure: SendFault | undefined;
  for (const { name, addresses } of hosts) {
    for (const address of addresses) {
      open.server = name === address ? `[${address}]` : `${name} [${address}]`;
      try {
        return await connectWithFallback({ ...base, host: name, address });
      } catch (error) {
        if (!(error instanceof SendFault)) throw error;
        // A host that says 5xx to a connection doesn't speak for the domain while others are left (RFC 5321 §5.1).
        failure = error;
        parts.log.debug('host not reached', { server: open.server, reason: error.message });
      }
    }
  }
  throw failure ?? new RouteFault(false, '4.4.1', 'No host to connect to');
}

/** TLS that can't be set up is no reason to keep the mail, where it was a bonus. */
async function connectWithFallback(options: ConnectOptions): Promise<SmtpClient> {
  try {
    return await SmtpClient.connect(options);
  } catch (error) {
    if (options.tls !== 'opportunistic' || !(error instanceof SendFault) || !error.tlsFailed) throw error;
    return SmtpClient.connect({ ...options, tls: 'none' });
  }
}

async function findRelay(relay: Relay, { config, dns, random }: SendParts): Promise<readonly Host[]> {
  const { ipVersion } = config.outbound;
  // A relay is a host, not a mail domain: its MX records are nobody's business.
  // The system's own lookup knows /etc/hosts and the names of containers as well.
  const addresses =
    config.outbound.dnsServers.length > 0
      ? await findAddresses(relay.host, { dns, ipVersion, ownName: '', random })
      : (await lookup(relay.host, { all: true, family: FAMILIES[ipVersion] }).catch(() => [])).map(({ address }) => address);
  if (addresses.length === 0) throw new RouteFault(false, '4.4.3', `The relay ${relay.host} has no address`);
  return [{ name: relay.host, addresses }];
}

function relayOptions(relay: Relay): Pick<ConnectOptions, 'port' | 'tls' | 'verifyCertificate' | 'credentials'> {
  const { port, tls, verifyCertificate, username, password } = relay;
  return {
    port,
    tls,
    verifyCertificate: verifyCertificate && tls !== 'opportunistic',
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
  };
}

function all(
  entry: QueueEntry,
  kind: 'temporary' | 'permanent',
  status: string,
  text: string,
  server: string,
): readonly RecipientResult[] {
  return entry.recipients.map((recipient) => ({ recipient, kind, status, text, server }));
}

/** What a failed connection or transaction means for every recipient. */
function classify(error: SendFault): ['temporary' | 'permanent', string, string] {
  if (error.code >= 500 && !error.beforeMessage) return ['permanent', statusOf(error.message, error.code), error.message];
  if (error.code > 0) return ['temporary', statusOf(error.message, 400), error.message];
  return ['temporary', '4.4.1', error.message];
}

/** The enhanced status code in a reply, if it has one of the right class. */
export function statusOf(text: string, code: number): string {
  const digit = code >= 500 ? '5' : '4';
  const found = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
  return found !== undefined && found.startsWith(digit) ? found : `${digit}.0.0`;
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
