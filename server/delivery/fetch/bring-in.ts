/**
 * One message from elsewhere into a user's mailboxes, by the way of all mail: judged, through the user's rules, traced. Repeating it after a crash places nothing twice:
 * its transaction id and its key are made from what the message is there.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '../../base/log.ts';
import type { Config } from '../../config/schema.ts';
import type { MailboxId } from '../../mail/ids.ts';
import type { Account } from '../../operations/contract-accounts.ts';
import type { ExternalAccount } from '../../operations/external-accounts.ts';
import { strip } from '../checks.ts';
import type { Delivery } from '../deliver.ts';
import type { Origin, SmtpEnvelope } from '../envelope.ts';
import type { CheckResult, IncomingChecks, TraceSink } from '../hooks.ts';
import { deliveryFields, headerEnd, receivedField } from '../trace-header.ts';
import { FetchFault, oneLine } from './failure.ts';
import type { FetchedBytes, Source } from './source.ts';

export type BringInParts = {
  readonly config: Config;
  readonly delivery: Delivery;
  /** Those that judge a message by itself: who connected to whom is another server's story. */
  readonly checks: IncomingChecks;
  readonly trace: TraceSink;
  readonly log: Logger;
  readonly now: () => number;
};

/** `refused`: it was not taken, and won't be. */
export type BroughtIn = { readonly kind: 'taken' } | { readonly kind: 'refused'; readonly fault: FetchFault };

/** In every message that was fetched, for each account that fetched it. */
export const FETCHED_FIELD = 'X-Mallard-Fetched';
/** Nobody gets an automatic answer to older mail. */
const NEWS_MS = 24 * 3_600_000;
const MAX_HEADER_BYTES = 256 * 1024;

/** Names the message among all that is ever fetched. */
export function transactionOf(account: string, generation: string, uid: string): string {
  return createHash('sha256').update(`${account}\0${generation}\0${uid}`).digest('hex').slice(0, 24);
}

/** Throws FetchFault when it may work later; nothing is lost then. */
export async function bringIn(
  parts: BringInParts,
  {
    external,
    user,
    mailbox,
  }: { readonly external: ExternalAccount; readonly user: Account; readonly mailbox: MailboxId | undefined },
  source: Source,
  message: FetchedBytes & { readonly uid: string; readonly generation: string },
): Promise<BroughtIn> {
  const { config, delivery, trace, now } = parts;
  const transactionId = transactionOf(external.id, message.generation, message.uid);
  const address = user.address === '' ? user.username : user.address;
  const { from, body } = withoutReturnPath(message.raw);
  if (wasFetchedBy(body, external.id)) {
    return { kind: 'refused', fault: new FetchFault('self', 'The message was fetched by this account before: it is in a loop') };
  }
  const receivedAtMs = now();
  const old = message.receivedAt !== undefined && receivedAtMs - message.receivedAt.getTime() > NEWS_MS;
  const envelope: SmtpEnvelope = {
    from: old ? '' : from,
    recipients: [{ address, target: { kind: 'local', account: user, label: undefined } }],
    body: '8BITMIME',
    smtpUtf8: false,
  };
  const origin: Origin = {
    transactionId,
    receivedAtMs,
    protocol: external.kind === 'imap' ? 'IMAP' : 'POP3',
    hello: external.host,
    remoteAddress: source.address,
    tls: source.tls,
  };
  const received = strip(
    Buffer.concat([Buffer.from(`${FETCHED_FIELD}: ${external.id}\r\n${receivedField(origin, envelope, config.hostname)}`), body]),
    config.hostname,
  );
  const result = await judge(parts, received, from);
  const refused = result.verdict === 'reject' || result.verdict === 'defer';
  trace.record({
    kind: refused ? 'refused' : 'accepted',
    transaction: transactionId,
    atMs: receivedAtMs,
    service: 'fetch',
    user: user.user,
    ip: source.address,
    hello: external.host,
    protocol: origin.protocol,
    tls: source.tls?.protocol,
    from,
    to: [address],
    sizeBytes: body.length,
    text: `Fetched from ${external.host} (${external.username})${refused ? `: ${result.text ?? 'refused'}` : ''}`,
    checks: result.header,
  });
  if (result.verdict === 'defer') throw new FetchFault('busy', result.text ?? 'The checks put the message off');
  if (result.verdict === 'reject')
    return { kind: 'refused', fault: new FetchFault('refused', result.text ?? 'The checks refuse it') };
  const raw = Buffer.concat([Buffer.from(deliveryFields(envelope)), Buffer.from(result.header), received]);
  const placing = {
    once: `fetch:${transactionId}`,
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(message.receivedAt === undefined ? {} : { internalDateMs: message.receivedAt.getTime() }),
  };
  const [outcome] = await delivery.deliver(
    raw,
    [{ address, account: user, label: undefined, placing }],
    { ...origin, quarantine: result.verdict === 'quarantine' },
    envelope,
  );
  switch (outcome?.kind) {
    case 'delivered':
    case 'discarded':
    case 'passed-on':
      return { kind: 'taken' };
    case 'rejected':
      return { kind: 'refused', fault: new FetchFault('refused', `A rule refused it: ${oneLine(outcome.reason)}`) };
    case 'loop':
      return { kind: 'refused', fault: new FetchFault('self', 'The message has passed too many servers: it is in a loop') };
    case 'too-big':
      return { kind: 'refused', fault: new FetchFault('refused', 'The message is too big') };
    case 'over-quota':
      throw new FetchFault('full', 'The mailbox here is full');
    default:
      throw new FetchFault('busy', 'The mail store is away for now', { cause: outcome?.cause });
  }
}

/** Checks that fail by themselves don't stop mail. */
async function judge({ checks, log }: BringInParts, received: Buffer, from: string): Promise<CheckResult> {
  try {
    return await checks.check(received, { ip: '', hello: '', from });
  } catch (error) {
    log.error('checks failed', { error });
    return { header: '', verdict: 'accept' };
  }
}

function wasFetchedBy(raw: Buffer, id: string): boolean {
  const header = raw.toString('latin1', 0, Math.min(headerEnd(raw), MAX_HEADER_BYTES));
  return new RegExp(`^${FETCHED_FIELD}:[ \\t]*${id}[ \\t]*\\r?$`, 'im').test(header);
}

/** The reverse-path that the last server wrote, and the message without it: a message has one (RFC 5321 §4.4). */
function withoutReturnPath(raw: Buffer): { readonly from: string; readonly body: Buffer } {
  const end = raw.indexOf(10);
  const first = end < 0 || end > 1_024 ? '' : raw.toString('utf8', 0, end).trim();
  const found = /^return-path:[ \t]*<([^<>\s]{0,320})>$/i.exec(first);
  if (found === null || raw[end + 1] === 32 || raw[end + 1] === 9) return { from: '', body: raw };
  return { from: /^[^@]+@[^@]+$/.test(found[1] ?? '') ? (found[1] ?? '') : '', body: raw.subarray(end + 1) };
}
