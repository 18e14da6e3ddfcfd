/**
 * What moderators are asked by mail, and what they answer. Each question has three addresses to write to, with a word and a code in the subject: nobody
 * else can decide, and no program that follows links does it by accident.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { DistributionList } from '../../operations/contract-accounts.ts';
import { headerEnd } from '../trace-header.ts';
import { listIdOf, roleAddress } from './list-fields.ts';

export type Verdict = 'approve' | 'refuse' | 'discard';
export type Decision = { readonly verdict: Verdict; readonly entry: string };

const VERDICTS: readonly Verdict[] = ['approve', 'refuse', 'discard'];
/** Bigger posts are shown by their header only. */
const MAX_SHOWN_BYTES = 1024 * 1024;
const CODE_BYTES = 10;

export type Question = {
  readonly list: DistributionList;
  readonly entry: string;
  readonly from: string;
  readonly subject: string;
  readonly post: Buffer;
  readonly secret: Buffer;
  readonly now: Date;
};

export async function composeQuestion({ list, entry, from, subject, post, secret, now }: Question): Promise<Buffer> {
  const answer = (verdict: Verdict): string =>
    `mailto:${encodeURIComponent(roleAddress(list, 'moderate')).replace('%40', '@')}?subject=${encodeURIComponent(subjectOf(verdict, entry, secret))}`;
  const whole = post.length <= MAX_SHOWN_BYTES;
  const text = [
    `A message to ${list.address} waits for you.`,
    '',
    `From:    ${from}`,
    `Subject: ${subject}`,
    '',
    'To pass it on to all members, send a mail by this link:',
    `  ${answer('approve')}`,
    '',
    'To return it to its sender:',
    `  ${answer('refuse')}`,
    '',
    'To drop it without a word (spam):',
    `  ${answer('discard')}`,
    '',
    'The text of your mail does not matter. What is decided by another moderator, or in the administration, is decided.',
    whole ? 'The message is attached.' : 'The message is big: only its header is attached.',
    '',
  ].join('\n');
  return compose(list, now, {
    subject: `Waits for you: ${subject}`.slice(0, 200),
    text,
    attachments: [
      whole
        ? { contentType: 'message/rfc822', content: post, filename: 'message.eml', contentTransferEncoding: '8bit' }
        : { contentType: 'text/rfc822-headers', content: post.subarray(0, headerEnd(post)), filename: 'header.txt' },
    ],
  });
}

/** What a moderator is told about what came of the answer. */
export function composeAnswer(list: DistributionList, now: Date, text: string): Promise<Buffer> {
  return compose(list, now, { subject: `${list.address}: ${text}`.slice(0, 200), text: `${text}\n` });
}

function compose(list: DistributionList, now: Date, fields: ConstructorParameters<typeof MailComposer>[0]): Promise<Buffer> {
  return new MailComposer({
    from: { name: list.name === '' ? list.address : list.name, address: roleAddress(list, 'owner') },
    to: { name: 'Moderators', address: roleAddress(list, 'owner') },
    date: now,
    messageId: `<${randomBytes(12).toString('hex')}@${listIdOf(list)}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: '\r\n',
    ...fields,
  })
    .compile()
    .build();
}

function subjectOf(verdict: Verdict, entry: string, secret: Buffer): string {
  return `${verdict} ${entry}-${code(verdict, entry, secret)}`;
}

/** From the subject of a moderator's mail, `Re:` or not; undefined when it is no decision of ours. */
export function tryDecision(subject: string, secret: Buffer): Decision | undefined {
  const found = /\b(approve|refuse|discard) ([0-9a-f]{24})-([0-9a-f]{20})\b/i.exec(subject);
  const verdict = VERDICTS.find((one) => one === found?.[1]?.toLowerCase());
  const entry = found?.[2]?.toLowerCase() ?? '';
  if (verdict === undefined) return undefined;
  const given = Buffer.from(found?.[3]?.toLowerCase() ?? '');
  return timingSafeEqual(given, Buffer.from(code(verdict, entry, secret))) ? { verdict, entry } : undefined;
}

function code(verdict: Verdict, entry: string, secret: Buffer): string {
  return createHmac('sha256', secret)
    .update(`${verdict} ${entry}`)
    .digest('hex')
    .slice(0, CODE_BYTES * 2);
}
