/**
 * One attempt for one queue entry with another server: finds the way, connects, sends. Answers what became of each recipient; throws nothing but what is our
 * own fault.
 */
import { isAscii } from 'node:buffer';
import type { Logger } from '../../base/log.ts';
import type { Config } from '../../config/schema.ts';
import { parseAddress } from '../../mail/address.ts';
import type { QueueEntry, QueueRecipient } from '../../store/types-queue.ts';
import { countReceived, headerEnd } from '../trace-header.ts';
import type { Connection, Connections } from './connections.ts';
import { chooseRoute, findAddresses, findHosts, RouteFault, type Dns, type Host, type Relay } from './destinations.ts';
import type { Dane } from './dane.ts';
import { hasBareLineEnds, isPlainText, normalizeLineEnds } from './line-ends.ts';
import { toSevenBit } from '../../mime/seven-bit.ts';
import { sameForAll, statusOf, type RecipientResult } from './results.ts';
import type { TlsaRecord } from './secure-dns.ts';
import type { StsPolicies } from './sts.ts';
import { SendFault, SmtpClient, type ConnectOptions, type OutgoingMessage } from './smtp-client.ts';

export type SendParts = {
  readonly config: Config;
  readonly dns: Dns;
  readonly random: () => number;
  readonly log: Logger;
  readonly connections: Connections;
  /** Signs or otherwise completes the message before it leaves. */
  /** Policies of other domains on how they are to be reached. */
  readonly sts?: StsPolicies;
  /** Where a resolver is believed that validates DNSSEC. */
  readonly dane?: Dane;
  readonly beforeSending?: (entry: QueueEntry, body: Buffer) => Promise<Buffer>;
};

/** RFC 5321 §4.5.3.1.8: a server must take so many recipients. */
const RECIPIENTS_AT_ONCE = 100;
/** A connection that moves slower than this (octets a second) holds a place that others need. */
const SLOWEST_BYTES_PER_S = 2_000;

/** RFC 3463 §3.7: the message would have to be changed, and must not be. */
const NOT_CONVERTED = {
  kind: 'permanent',
  status: '5.6.3',
  text: 'The server takes no eight-bit text (8BITMIME), and this message can’t be changed without harm: it is signed',
} as const;

/** Where an entry goes: what connects, and the name under which connections are kept. */
type Way = { readonly name: string; readonly open: () => Promise<Connection> };

export async function sendEntry(entry: QueueEntry, body: Buffer, parts: SendParts): Promise<readonly RecipientResult[]> {
  const fail = (kind: 'temporary' | 'permanent', status: string, text: string): readonly RecipientResult[] =>
    sameForAll(entry.recipients, { kind, status, text, server: '' });
  if (countReceived(body) > parts.config.delivery.maxReceivedFields)
    return fail('permanent', '5.4.6', 'The message is in a loop');
  let message = body;
  if (hasBareLineEnds(message)) {
    // RFC 5321 §2.3.8: a bare CR or LF must not be sent. In text they were meant as line ends; anything else would be damaged.
    if (!isPlainText(message)) return fail('permanent', '5.6.1', 'The message is binary, which other servers do not take');
    message = normalizeLineEnds(message);
  }
  const complete = createComplete(entry, message, parts);
  const eightBit = !isAscii(message.subarray(headerEnd(message)));
  const server = { name: '' };
  try {
    const way = wayOf(entry, parts, server);
    const results: RecipientResult[] = [];
    for (let at = 0; at < entry.recipients.length; at += RECIPIENTS_AT_ONCE) {
      const some = entry.recipients.slice(at, at + RECIPIENTS_AT_ONCE);
      results.push(...(await sendSome(entry, some, complete, eightBit, way, parts, server)));
    }
    return results;
  } catch (error) {
    if (error instanceof RouteFault) {
      const kind = error.permanent ? 'permanent' : 'temporary';
      return sameForAll(entry.recipients, {
        kind,
        status: error.enhanced,
        text: error.message,
        server: server.name,
        unreachable: true,
      });
    }
    throw error;
  }
}

/** The message as it leaves, made once for each kind of server: signatures cover what is sent. Undefined = it can't be had in seven bits. */
type Complete = (sevenBit: boolean) => Promise<Buffer | undefined>;

function createComplete(entry: QueueEntry, message: Buffer, parts: SendParts): Complete {
  const made = new Map<boolean, Promise<Buffer | undefined>>();
  const make = async (sevenBit: boolean): Promise<Buffer | undefined> => {
    const plain = sevenBit ? toSevenBit(message) : message;
    return plain === undefined ? undefined : ((await parts.beforeSending?.(entry, plain)) ?? plain);
  };
  return (sevenBit) => {
    const known = made.get(sevenBit) ?? make(sevenBit);
    made.set(sevenBit, known);
    return known;
  };
}

async function sendSome(
  entry: QueueEntry,
  recipients: readonly QueueRecipient[],
  complete: Complete,
  needsSevenBit: boolean,
  way: Way,
  parts: SendParts,
  server: { name: string },
): Promise<readonly RecipientResult[]> {
  let reused = false;
  try {
    return await parts.connections.use(way.name, way.open, async (connection) => {
      reused = connection.sent > 0;
      server.name = connection.server;
      const { client } = connection;
      const body = await complete(needsSevenBit && !client.supports('8BITMIME'));
      if (body === undefined) return sameForAll(recipients, { ...NOT_CONVERTED, server: server.name });
      const message = outgoing(entry, recipients, body, parts.config);
      const refusal = missingExtension(entry, message, client);
      if (refusal !== undefined) return sameForAll(recipients, { ...refusal, server: server.name });
      const replies = await client.send(message);
      const tls = client.tls === '' ? {} : { tls: client.tls };
      return replies.map((reply, index): RecipientResult => {
        const recipient = recipients[index] ?? { address: reply.address };
        const { text } = reply;
        const common = { recipient, text, server: server.name, ...tls };
        if (reply.ok) return { ...common, kind: 'relayed', status: '2.0.0', passedOn: client.supports('DSN') };
        return { ...common, kind: reply.code >= 500 ? 'permanent' : 'temporary', status: statusOf(text, reply.code) };
      });
    });
  } catch (error) {
    if (!(error instanceof SendFault)) throw error;
    // Some servers take only so many messages on a connection: a new one will do.
    if (reused && error.code === 421) return sendSome(entry, recipients, complete, needsSevenBit, way, parts, server);
    return sameForAll(recipients, { ...classify(error), server: server.name });
  }
}

/** What the message needs and the server does not have. */
function missingExtension(
  entry: QueueEntry,
  { from, recipients, body }: OutgoingMessage,
  client: SmtpClient,
): Pick<RecipientResult, 'kind' | 'status' | 'text'> | undefined {
  if (entry.requireTls && !(client.encrypted && client.supports('REQUIRETLS'))) {
    return {
      kind: 'permanent',
      status: '5.7.30',
      text: 'The server does not promise encryption (REQUIRETLS), as the sender asked',
    };
  }
  const beyondAscii = [from, ...recipients.map(({ address }) => address)].some((address) => /[^\u0000-\u007f]/.test(address));
  if (beyondAscii && !client.supports('SMTPUTF8')) {
    return { kind: 'permanent', status: '5.6.7', text: 'The server does not take international addresses (SMTPUTF8)' };
  }
  // RFC 6531 §3.4: what was sent as international must not reach who did not ask for it.
  if (entry.smtpUtf8 && !client.supports('SMTPUTF8') && !isAscii(body.subarray(0, headerEnd(body)))) {
    return { kind: 'permanent', status: '5.6.9', text: 'The server does not take international header fields (SMTPUTF8)' };
  }
  return undefined;
}

function outgoing(entry: QueueEntry, recipients: readonly QueueRecipient[], body: Buffer, config: Config): OutgoingMessage {
  const { returnContent, envelopeId } = entry;
  return {
    from: asciiDomain(entry.from),
    recipients: recipients.map((recipient) => ({ address: asciiDomain(recipient.address), dsn: recipientDsn(recipient) })),
    body,
    eightBit: entry.body !== '7BIT' || !isAscii(body),
    utf8: entry.smtpUtf8 && !isAscii(body.subarray(0, headerEnd(body))),
    requireTls: entry.requireTls,
    dsn: [
      ...(returnContent === undefined ? [] : [`RET=${returnContent}`]),
      ...(envelopeId === undefined ? [] : [`ENVID=${xtext(envelopeId)}`]),
    ].join(' '),
    timeoutMs: config.outbound.replyTimeoutMs + (body.length / SLOWEST_BYTES_PER_S) * 1000,
  };
}

function recipientDsn({ notify, originalRecipient }: QueueRecipient): string {
  return [
    ...(notify === undefined ? [] : [`NOTIFY=${notify === 'NEVER' ? 'NEVER' : notify.join(',')}`]),
    ...(originalRecipient === undefined ? [] : [`ORCPT=${orcpt(originalRecipient)}`]),
  ].join(' ');
}

function orcpt(text: string): string {
  const semicolon = text.indexOf(';');
  return `${text.slice(0, semicolon + 1)}${xtext(text.slice(semicolon + 1))}`;
}

/** RFC 3461 §4. */
function xtext(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte > 32 && byte < 127 && byte !== 43 && byte !== 61
        ? String.fromCharCode(byte)
        : `+${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

/** An address whose local part is ASCII needs no SMTPUTF8: its domain has an ASCII form. */
function asciiDomain(address: string): string {
  const parsed = parseAddress(address);
  if (!parsed.ok) return address;
  const at = address.lastIndexOf('@');
  return /[^\u0000-\u007f]/.test(address.slice(0, at)) ? address : `${address.slice(0, at)}@${parsed.value.asciiDomain}`;
}

function wayOf(entry: QueueEntry, parts: SendParts, server: { name: string }): Way {
  const { config } = parts;
  const { outbound } = config;
  const verified = entry.requireTls ? ' verified' : '';
  if (entry.route !== undefined) {
    const { host, port, tls, username, password } = entry.route;
    const options =
      tls === undefined
        ? direct(port, entry.requireTls)
        : relayOptions({ host, port, tls, username, password, verifyCertificate: true }, entry.requireTls);
    const open = (): Promise<Connection> => connectTo(() => findRelay(host, parts), options, parts, server);
    return { name: `${host}:${port} ${username ?? ''}${verified}`, open };
  }
  const route = chooseRoute(outbound, domainOf(entry.from), entry.destination);
  if (route.kind === 'relay') {
    const { relay } = route;
    return {
      name: `relay ${relay.host}:${relay.port} ${relay.username ?? ''}${verified}`,
      open: () => connectTo(() => findRelay(relay.host, parts), relayOptions(relay, entry.requireTls), parts, server),
    };
  }
  const ownName = outbound.hostname ?? config.hostname;
  const hosts = (): Promise<readonly Host[]> =>
    findHosts(entry.destination, { dns: parts.dns, ipVersion: outbound.ipVersion, ownName, random: parts.random });
  const options = { ...direct(outbound.port, entry.requireTls), refuseOurselves: true };
  return {
    name: `${entry.destination}${verified}`,
    open: async () => {
      const domain = entry.destination;
      const literal = domain.startsWith('[');
      const found = await hosts();
      // DANE, where it applies, stands above MTA-STS (RFC 8461 §2).
      const secured: readonly SecuredHost[] =
        !literal && (await parts.dane?.isSecure(domain)) === true ? await withDane(found, outbound.port, parts) : found;
      if (secured.some(({ tlsa }) => tlsa !== undefined))
        return connectTo(() => Promise.resolve(secured), options, parts, server);
      const policy = literal ? undefined : await parts.sts?.of(domain);
      if (policy === undefined) return connectTo(() => Promise.resolve(secured), options, parts, server);
      const allowed = secured.filter(({ name }) => policy.allows(name));
      if (policy.mode === 'testing') {
        if (allowed.length === 0) parts.log.info('MTA-STS (testing) names other servers', { destination: domain });
        return connectTo(() => Promise.resolve(secured), options, parts, server);
      }
      // RFC 8461 §5: a failure of the policy is one of delivery, for now.
      if (allowed.length === 0)
        throw new RouteFault(false, '4.7.5', `No server of ${domain} is one that its policy (MTA-STS) names`);
      const strict = { ...options, tls: 'required', verifyCertificate: true } as const;
      return connectTo(() => Promise.resolve(allowed), strict, parts, server);
    },
  };
}

type SecuredHost = Host & { readonly tlsa?: readonly TlsaRecord[] };

/** Hosts whose records can't be had are left out: they may be somebody else's. */
async function withDane(hosts: readonly Host[], port: number, { dane, log }: SendParts): Promise<readonly SecuredHost[]> {
  const secured: SecuredHost[] = [];
  let reason = '';
  for (const host of hosts) {
    const found = (await dane?.of(host.name, port)) ?? { kind: 'none' };
    if (found.kind === 'unknown') {
      ({ reason } = found);
      log.info('TLSA records not had: the host is left out', { host: host.name, reason });
    } else secured.push(found.kind === 'none' ? host : { ...host, tlsa: found.records });
  }
  if (secured.length === 0)
    throw new RouteFault(false, '4.4.3', `The TLSA records of the servers can’t be looked up (${reason})`);
  return secured;
}

type HostOptions = Pick<ConnectOptions, 'port' | 'tls' | 'verifyCertificate' | 'credentials'> & {
  readonly refuseOurselves?: boolean;
};

function direct(port: number, requireTls: boolean): HostOptions {
  return requireTls
    ? { port, tls: 'required', verifyCertificate: true }
    : { port, tls: 'opportunistic', verifyCertificate: false };
}

function relayOptions(relay: Relay, requireTls: boolean): HostOptions {
  const { port, tls, verifyCertificate, username, password } = relay;
  const needed = requireTls && tls !== 'implicit' ? 'required' : tls;
  return {
    port,
    tls: needed,
    verifyCertificate: requireTls || (verifyCertificate && needed !== 'opportunistic'),
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
  };
}

/** Connects to the first host and address that answers. */
async function connectTo(
  findThem: () => Promise<readonly SecuredHost[]>,
  options: HostOptions,
  parts: SendParts,
  server: { name: string },
): Promise<Connection> {
  const { outbound, hostname } = parts.config;
  const ehloName = outbound.hostname ?? hostname;
  const { connectTimeoutMs, replyTimeoutMs } = outbound;
  let failure: SendFault | undefined;
  for (const { name, addresses, tlsa } of await findThem()) {
    const dane = tlsa === undefined ? {} : ({ tls: 'required', verifyCertificate: false, tlsa } as const);
    for (const address of addresses) {
      server.name = name === address ? `[${address}]` : `${name} [${address}]`;
      try {
        const client = await connectWithFallback({
          ...options,
          ...dane,
          ehloName,
          connectTimeoutMs,
          replyTimeoutMs,
          host: name,
          address,
        });
        if (options.refuseOurselves === true && ehloName !== 'localhost' && client.serverName === ehloName.toLowerCase()) {
          client.quit();
          throw new RouteFault(true, '5.4.6', `${name} is this server itself: the mail would come back`);
        }
        return { client, server: server.name, sent: 0 };
      } catch (error) {
        if (!(error instanceof SendFault)) throw error;
        // A host that says 5xx to a connection doesn't speak for the domain while others are left (RFC 5321 §5.1).
        failure = error;
        parts.log.debug('host not reached', { server: server.name, reason: error.message });
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

async function findRelay(host: string, { config, dns, random }: SendParts): Promise<readonly Host[]> {
  const { ipVersion } = config.outbound;
  // A relay is a host, not a mail domain: its MX records are nobody's business.
  const addresses = await findAddresses(host, { dns, ipVersion, ownName: '', random });
  if (addresses.length === 0) throw new RouteFault(false, '4.4.3', `The relay ${host} has no address`);
  return [{ name: host, addresses }];
}

/** What a failed connection or transaction means for every recipient. */
function classify(error: SendFault): Omit<RecipientResult, 'recipient' | 'server'> {
  const { code, message, beforeMessage, tlsFailed } = error;
  if (tlsFailed) return { kind: 'temporary', status: '4.7.5', text: message, unreachable: true };
  if (code >= 500 && !beforeMessage) return { kind: 'permanent', status: statusOf(message, code), text: message };
  if (code > 0) return { kind: 'temporary', status: statusOf(message, 400), text: message, unreachable: beforeMessage };
  return { kind: 'temporary', status: beforeMessage ? '4.4.1' : '4.4.2', text: message, unreachable: beforeMessage };
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
