/**
 * Automatic replies (RFC 3834): to people who wrote to this very person, once in some days each, and never to machines, lists or other automatic mail. Sent with
 * the null reverse-path, so that nothing answers back.
 */
import { randomBytes } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { AnalyzedMessage } from '../mime/types.ts';
import { fieldValue, readHeaderFields } from '../mime/header-fields.ts';
import type { AutoreplyFields } from '../store/types-accounts.ts';

export type AutoreplyInput = {
  readonly raw: Buffer;
  readonly message: AnalyzedMessage;
  /** The reverse-path. */
  readonly sender: string;
  /** The address that was written to, without label. */
  readonly recipient: string;
  /** All that the user is written to by, lower case. */
  readonly ownAddresses: readonly string[];
  readonly autoreply: AutoreplyFields;
  readonly nowMs: number;
};

const ROBOTS =
  /^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|owner-.*|.*-owner|.*-request|.*-bounces?(?:[+-].*)?|bounces?(?:[+-].*)?|listserv|majordomo|srs0[=+-].*|srs1[=+-].*)$/i;
const LIST_FIELDS = /^(?:list-(?:id|unsubscribe|post|help|owner|archive|subscribe)|mailing-list|x-mailing-list|x-loop)$/;
const MAX_HEADER_BYTES = 256 * 1024;

/** Why there is no reply; undefined = there is one to send. */
export function whyNoReply(input: AutoreplyInput): string | undefined {
  const { raw, message, sender, autoreply, nowMs, ownAddresses } = input;
  if (!autoreply.status) return 'switched off';
  if (autoreply.start instanceof Date && nowMs < autoreply.start.getTime()) return 'not yet';
  if (autoreply.end instanceof Date && nowMs > autoreply.end.getTime()) return 'over';
  if (sender === '') return 'null sender';
  const at = sender.lastIndexOf('@');
  if (at <= 0 || ROBOTS.test(sender.slice(0, at))) return 'sent by a machine';
  if (ownAddresses.includes(sender.toLowerCase())) return 'from oneself';
  for (const field of readHeaderFields(raw, 0, raw.length, MAX_HEADER_BYTES)) {
    const value = (): string => fieldValue(raw, field).trim().toLowerCase();
    if (field.name === 'auto-submitted' && !/^no\b/.test(value())) return 'automatic mail';
    if (field.name === 'precedence' && /^(?:bulk|list|junk)\b/.test(value())) return 'bulk mail';
    if (field.name === 'x-auto-response-suppress' && /\b(?:all|oof|autoreply)\b/.test(value())) return 'asks for none';
    if (LIST_FIELDS.test(field.name)) return 'list mail';
  }
  // RFC 3834 §2: a person who is only one of many unnamed recipients was not written to.
  const named = [...message.to, ...message.cc, ...message.bcc].map(({ address }) => address.toLowerCase());
  if (!named.some((address) => ownAddresses.includes(withoutLabel(address)))) return 'not written to by name';
  return undefined;
}

export async function composeReply(
  input: AutoreplyInput & { readonly name: string; readonly hostname: string },
): Promise<Buffer> {
  const { message, sender, recipient, autoreply, name, hostname, nowMs } = input;
  const { messageId } = message;
  const references = [...message.references, ...(messageId === undefined ? [] : [messageId])].slice(-20);
  const subject = autoreply.subject === undefined || autoreply.subject === '' ? `Auto: ${message.subject}` : autoreply.subject;
  const composer = new MailComposer({
    from: { name: autoreply.name ?? name, address: recipient },
    to: sender,
    subject,
    text: autoreply.text ?? '',
    ...(autoreply.html === undefined || autoreply.html === '' ? {} : { html: autoreply.html }),
    date: new Date(nowMs),
    messageId: `<${randomBytes(16).toString('hex')}@${hostname}>`,
    ...(messageId === undefined ? {} : { inReplyTo: messageId, references }),
    headers: { 'Auto-Submitted': 'auto-replied', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: '\r\n',
  });
  return composer.compile().build();
}

export function withoutLabel(address: string): string {
  return address.replace(/\+[^@]*(?=@)/, '');
}
