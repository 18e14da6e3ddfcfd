/** From the API into the outgoing queue: who may, how much, in whose name. */
import { randomBytes } from 'node:crypto';
import type { UserId } from '../../mail/ids.ts';
import { parseAddress } from '../../mail/address.ts';
import { headerEnd, receivedField } from '../../delivery/trace-header.ts';
import type { EnvelopeRecipient } from '../../delivery/envelope.ts';
import { overSendingLimit } from '../../delivery/sending-limits.ts';
import type { NewEntry } from '../../store/types-queue.ts';
import type { UserView } from '../../operations/accounts-users.ts';
import type { ApiContext } from '../context.ts';
import { refuse } from '../faults.ts';

export type Outbound = {
  readonly user: UserView;
  /** Envelope sender; empty = none. */
  readonly from: string;
  readonly recipients: readonly string[];
  /** Without Bcc. */
  readonly raw: Buffer;
  readonly messageId: string;
  readonly subject: string;
  /** Not before. */
  readonly sendTime?: Date | undefined;
  readonly ip: string;
};

/** Refusals TooMany, RateLimitedError, ENORECIPIENTS. Durable when it resolves; answers the id by which it can be taken back. */
export async function sendOutbound(context: ApiContext, mail: Outbound): Promise<string> {
  const { config, outgoing } = context;
  const { user, from, raw, messageId, subject, sendTime } = mail;
  const recipients = [...new Set(mail.recipients)];
  if (recipients.length === 0) throw refuse('ENORECIPIENTS', 'The message has no recipients');
  const most = Math.min(config.smtp.maxRecipients, Number(context.store.settings.get('const:max:rcpt_to').value));
  if (recipients.length > most) throw refuse('TooMany', `At most ${most} recipients`);
  await takeLimits(context, user, recipients.length, mail.ip);
  const queueId = randomBytes(9).toString('hex');
  const envelope = {
    from,
    transactionId: queueId,
    user: user.id,
    body: isAscii(raw) ? ('7BIT' as const) : ('8BITMIME' as const),
    smtpUtf8: needsUtf8([from, ...recipients], raw),
    requireTls: false,
    messageId,
    subject: subject.slice(0, 250),
  };
  const { known, unknown } = await classify(context, recipients);
  const expanded = await outgoing.expansion.expand(known);
  // Nobody of that name here: the queue returns it to the sender, as it would from elsewhere.
  const lost: NewEntry[] =
    unknown.length === 0 ? [] : [{ destination: 'local', recipients: unknown.map((address) => ({ address })) }];
  const origin = {
    transactionId: queueId,
    receivedAtMs: Date.now(),
    protocol: 'HTTP',
    hello: 'api',
    remoteAddress: mail.ip,
    tls: undefined,
  };
  const trace = receivedField(
    origin,
    { from, recipients: known, body: envelope.body, smtpUtf8: envelope.smtpUtf8 },
    config.hostname,
  );
  await outgoing.dispatch.send(
    envelope,
    { ...expanded, entries: [...expanded.entries, ...lost] },
    Buffer.concat([Buffer.from(trace), raw]),
    { now: new Date(), ...(sendTime === undefined || sendTime.getTime() <= Date.now() ? {} : { notBefore: sendTime }) },
  );
  context.log.info('submitted', {
    transaction: queueId,
    user: user.id,
    from,
    recipients: recipients.length,
    messageId,
    sizeBytes: raw.length,
  });
  return queueId;
}

/** The same limits as by SMTP, counted together. */
async function takeLimits({ config, store, log }: ApiContext, user: UserView, recipients: number, ip: string): Promise<void> {
  const { usage, userLimits, webhooks } = store;
  const { maxMessagesPerHour } = config.smtp;
  const met = await overSendingLimit(
    { usage, of: userLimits.of, maxMessagesPerHour, log, emit: webhooks.emit },
    { user: user.id as UserId, username: user.username, recipients, ip },
  );
  if (met !== undefined) throw refuse('RateLimitedError', `The limit of ${met} is reached: try again later`);
}

async function classify(
  { outgoing }: ApiContext,
  addresses: readonly string[],
): Promise<{ known: EnvelopeRecipient[]; unknown: string[] }> {
  const known: EnvelopeRecipient[] = [];
  const unknown: string[] = [];
  for (const address of addresses) {
    const target = await outgoing.expansion.classify(address);
    if (target.kind === 'unknown' || target.kind === 'disabled') unknown.push(address);
    else known.push({ address, target });
  }
  return { known, unknown };
}

/** Whether a user may write in this name: an own address, or one of the patterns that the administrator allows. */
export async function ownsAddress({ operations, store }: ApiContext, user: UserView, address: string): Promise<boolean> {
  const found = await operations.accounts.resolveRecipient(address);
  if (found.kind === 'user' && found.account.user === user.id) return true;
  const { alsoFrom } = await store.userLimits.of(user.id as UserId);
  const plain = address.toLowerCase();
  return alsoFrom.some((pattern) => (pattern.startsWith('*@') ? plain.endsWith(pattern.slice(1)) : pattern === plain));
}

function isAscii(raw: Buffer): boolean {
  return !raw.some((byte) => byte > 0x7f);
}

/** RFC 6531: an address or a header that is not ASCII. */
function needsUtf8(addresses: readonly string[], raw: Buffer): boolean {
  const special = addresses.some((address) => {
    const parsed = parseAddress(address);
    return parsed.ok && parsed.value.needsSmtpUtf8;
  });
  return special || !isAscii(raw.subarray(0, headerEnd(raw)));
}
