/**
 * Delivery status notifications (RFC 3464 in an RFC 6522 report; RFC 6533 where addresses are not ASCII): first a text for people, then the same for
 * programs, then the message or its header. Never sent to a null reverse-path, and sent with one, so a bounce never bounces (RFC 5321 §6.1).
 */
import { randomBytes } from 'node:crypto';
import type { QueueEnvelope, QueueRecipient } from '../../store/types-queue.ts';
import { headerEnd, mailDate } from '../trace-header.ts';

export type NoticeKind = 'failed' | 'delayed' | 'delivered' | 'relayed';

export type NoticeRecipient = {
  readonly recipient: QueueRecipient;
  /** RFC 3463 status, e.g. `5.1.1`. */
  readonly status: string;
  /** The remote's words, or ours. */
  readonly text: string;
  /** Who said it; empty for ourselves. */
  readonly server: string;
};

export type NoticeOptions = {
  readonly kind: NoticeKind;
  readonly envelope: QueueEnvelope;
  readonly recipients: readonly NoticeRecipient[];
  readonly original: Buffer;
  readonly hostname: string;
  readonly now: Date;
  readonly arrived: Date;
  /** Delayed: until when it will be tried. */
  readonly until?: Date;
};

/** Bigger originals are returned as their header only. */
const MAX_RETURNED_BYTES = 1024 * 1024;

const SUBJECTS: Readonly<Record<NoticeKind, string>> = {
  failed: 'Mail could not be delivered',
  delayed: 'Mail is delayed',
  delivered: 'Mail was delivered',
  relayed: 'Mail was passed on',
};
const ACTIONS: Readonly<Record<NoticeKind, string>> = {
  failed: 'failed',
  delayed: 'delayed',
  delivered: 'delivered',
  relayed: 'relayed',
};

/** The recipients that want to be told of this kind (RFC 3461 §4.1): without NOTIFY of failures and delays. */
export function wantingNotice(kind: NoticeKind, recipients: readonly NoticeRecipient[]): readonly NoticeRecipient[] {
  const word = kind === 'failed' ? 'FAILURE' : kind === 'delayed' ? 'DELAY' : 'SUCCESS';
  return recipients.filter(({ recipient: { notify } }) =>
    notify === undefined ? word !== 'SUCCESS' : notify !== 'NEVER' && notify.includes(word),
  );
}

/** The whole report as a message. `envelope.from` must not be empty. */
export function composeNotice(options: NoticeOptions): { readonly message: Buffer; readonly smtpUtf8: boolean } {
  const { kind, envelope, recipients, hostname, now } = options;
  const international = [envelope.from, ...recipients.map(({ recipient }) => recipient.address)].some(beyondAscii);
  const boundary = `=_mallard_${randomBytes(12).toString('hex')}`;
  const head = [
    `From: Mail Delivery System <MAILER-DAEMON@${hostname}>`,
    `To: <${envelope.from}>`,
    `Subject: ${SUBJECTS[kind]}`,
    `Date: ${mailDate(now.getTime())}`,
    `Message-ID: <${randomBytes(12).toString('hex')}@${hostname}>`,
    // RFC 3834 §5: nobody's vacation notice shall answer this.
    'Auto-Submitted: auto-replied',
    ...(envelope.messageId === '' ? [] : [`In-Reply-To: ${envelope.messageId}`, `References: ${envelope.messageId}`]),
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="${boundary}"`,
    '',
    'This is a report in MIME format.',
    '',
  ];
  const part = (type: string, body: string | Buffer): Buffer[] => [
    Buffer.from(`--${boundary}\r\nContent-Type: ${type}\r\n${transferEncoding(body)}\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ];
  const original = returned(options);
  return {
    smtpUtf8: international,
    message: Buffer.concat([
      Buffer.from(head.join('\r\n')),
      ...part('text/plain; charset=utf-8', humanText(options)),
      ...part(international ? 'message/global-delivery-status' : 'message/delivery-status', statusFields(options, international)),
      ...part(original.type, original.body),
      Buffer.from(`--${boundary}--\r\n`),
    ]),
  };
}

function transferEncoding(body: string | Buffer): string {
  const ascii = typeof body === 'string' ? !beyondAscii(body) : !body.some((byte) => byte > 127);
  return ascii ? '' : 'Content-Transfer-Encoding: 8bit\r\n';
}

function humanText({ kind, envelope, recipients, hostname, now, arrived, until }: NoticeOptions): string {
  const hours = Math.max(1, Math.round((now.getTime() - arrived.getTime()) / 3_600_000));
  const openings: Record<NoticeKind, string> = {
    failed: 'Your message could not be delivered to:',
    delayed: `Your message has been waiting for ${hours} ${hours === 1 ? 'hour' : 'hours'} and could not be delivered yet to:`,
    delivered: 'Your message was delivered to:',
    relayed: 'Your message was passed on to a server that does not confirm deliveries, for:',
  };
  const reasons = kind === 'failed' || kind === 'delayed';
  const list = recipients.map(({ recipient, text, server }) => {
    const who = server === '' ? '' : `${server} said: `;
    return `  ${recipient.address}${reasons ? `\r\n      ${who}${oneLine(text)}` : ''}`;
  });
  const closings: Record<NoticeKind, string> = {
    failed: 'It will not be tried again. If the reason above does not help you, ask the recipient or your administrator.',
    delayed: `You need not do anything: it will be tried until ${until?.toUTCString() ?? 'it is delivered'}.`,
    delivered: 'You asked to be told.',
    relayed: 'You asked to be told. There will be no further notice unless it fails.',
  };
  const subject = envelope.subject === '' ? '' : `Subject: ${oneLine(envelope.subject)}\r\n`;
  return [
    `This is the mail server ${hostname}.`,
    '',
    openings[kind],
    '',
    ...list,
    '',
    closings[kind],
    '',
    `${subject}Sent: ${arrived.toUTCString()}`,
    '',
  ].join('\r\n');
}

function statusFields(
  { kind, envelope, recipients, hostname, now, arrived, until }: NoticeOptions,
  international: boolean,
): string {
  const perMessage = [
    `Reporting-MTA: dns; ${hostname}`,
    ...(envelope.envelopeId === undefined ? [] : [`Original-Envelope-Id: ${oneLine(envelope.envelopeId)}`]),
    `Arrival-Date: ${mailDate(arrived.getTime())}`,
  ];
  const blocks = recipients.map(({ recipient, status, text, server }) => [
    ...(recipient.originalRecipient === undefined ? [] : [`Original-Recipient: ${oneLine(recipient.originalRecipient)}`]),
    `Final-Recipient: ${international ? 'utf-8' : 'rfc822'}; ${oneLine(recipient.address)}`,
    `Action: ${ACTIONS[kind]}`,
    `Status: ${status}`,
    ...(server === '' ? [] : [`Remote-MTA: dns; ${oneLine(server).split(' ')[0] ?? ''}`]),
    ...(text === '' ? [] : [`Diagnostic-Code: smtp; ${asciiOrAll(oneLine(text), international)}`]),
    `Last-Attempt-Date: ${mailDate(now.getTime())}`,
    ...(until === undefined ? [] : [`Will-Retry-Until: ${mailDate(until.getTime())}`]),
  ]);
  return [perMessage, ...blocks].map((lines) => `${lines.join('\r\n')}\r\n`).join('\r\n');
}

/** RFC 3461 §4.3: only failures return the whole message, and only when RET allows. */
function returned({ kind, envelope, original }: NoticeOptions): { readonly type: string; readonly body: Buffer } {
  const header = original.subarray(0, headerEnd(original));
  const whole = kind === 'failed' && envelope.returnContent !== 'HDRS' && original.length <= MAX_RETURNED_BYTES;
  const global = (whole ? original : header).some((byte) => byte > 127);
  if (whole) return { type: global && envelope.smtpUtf8 ? 'message/global' : 'message/rfc822', body: original };
  return { type: global && envelope.smtpUtf8 ? 'message/global-headers' : 'text/rfc822-headers', body: header };
}

function asciiOrAll(text: string, international: boolean): string {
  return international ? text : text.replace(/[^\u0020-\u007e]/g, '?');
}

function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 900);
}

function beyondAscii(text: string): boolean {
  return /[^\u0000-\u007f]/.test(text);
}
