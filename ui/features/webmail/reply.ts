/** From a message to the beginning of an answer to it: whom it goes to, the subject, the quoted text. Pure. */
import type { Address, Message } from './api.ts';

export type ComposeKind = 'new' | 'reply' | 'replyAll' | 'forward' | 'draft';

export interface Composition {
  readonly kind: ComposeKind;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly subject: string;
  readonly text: string;
  /** The message that is answered or passed on. */
  readonly original?: Message | undefined;
}

export interface QuoteWords {
  /** "On 3 May, Anna wrote:" */
  readonly wrote: string;
  readonly forwarded: string;
  readonly from: string;
  readonly date: string;
  readonly subject: string;
  readonly to: string;
}

const replyPrefix = /^\s*(?:re|aw|antw|sv|vs|ref|odp)(?:\[\d+\])?\s*:/i;
const forwardPrefix = /^\s*(?:fwd?|wg|doorst|vb|tr|pd)(?:\[\d+\])?\s*:/i;

export function emptyComposition(to: readonly Address[] = []): Composition {
  return { kind: 'new', to, cc: [], bcc: [], subject: '', text: '' };
}

/** RFC 5322 §3.6.3: answers go to Reply-To, else to the sender. To oneself only when one has written to oneself. */
export function replyTo(message: Message, own: readonly string[], toAll: boolean, words: QuoteWords): Composition {
  const mine = new Set(own.map((address) => address.toLowerCase()));
  const isMine = ({ address }: Address): boolean => mine.has(address.toLowerCase());
  const sender = message.replyTo ?? (message.from === undefined ? [] : [message.from]);
  const wroteIt = message.from !== undefined && isMine(message.from);
  // An answer to what one has sent goes on to whom it was sent.
  const first = wroteIt && (message.to?.length ?? 0) > 0 ? (message.to ?? []) : sender;
  const others = toAll ? [...(wroteIt ? [] : (message.to ?? [])), ...(message.cc ?? [])] : [];
  const to = distinct(first, []);
  return {
    kind: toAll ? 'replyAll' : 'reply',
    to,
    cc: distinct(
      others.filter((address) => !isMine(address)),
      to,
    ),
    bcc: [],
    subject: replyPrefix.test(message.subject) ? message.subject : `Re: ${message.subject}`,
    text: `\n\n${words.wrote}\n${quoted(message.text ?? '')}\n`,
    original: message,
  };
}

export function forwardOf(message: Message, words: QuoteWords): Composition {
  const list = (addresses: readonly Address[] | undefined): string => (addresses ?? []).map(written).join(', ');
  const head = [
    `${words.from}: ${message.from === undefined ? '' : written(message.from)}`,
    `${words.date}: ${new Date(message.date).toUTCString()}`,
    `${words.subject}: ${message.subject}`,
    `${words.to}: ${list(message.to)}`,
  ];
  return {
    ...emptyComposition(),
    kind: 'forward',
    subject: forwardPrefix.test(message.subject) ? message.subject : `Fwd: ${message.subject}`,
    text: `\n\n---------- ${words.forwarded} ----------\n${head.join('\n')}\n\n${(message.text ?? '').trimEnd()}\n`,
    original: message,
  };
}

/** A stored draft, to be written on. */
export function draftOf(message: Message): Composition {
  const { to = [], cc = [], bcc = [], subject, text = '' } = message;
  return { kind: 'draft', to, cc, bcc, subject, text, original: message };
}

/** RFC 3676 §4.5: a quoted line begins with ">", and another ">" when it was quoted before. */
export function quoted(text: string): string {
  return text
    .replace(/\s+$/, '')
    .split('\n')
    .map((line) => (line.startsWith('>') ? `>${line}` : line === '' ? '>' : `> ${line}`))
    .join('\n');
}

/** "Anna <anna@example.org>". */
export function written({ name, address }: Address): string {
  return name === '' || name === address ? address : `${name} <${address}>`;
}

const plainAddress = /^[^\s@<>(),;:"]+@[^\s@<>(),;:"]+$/;

/** What somebody typed into a field of recipients; undefined when it is no address. */
export function tryAddress(text: string): Address | undefined {
  const trimmed = text.trim();
  const named = /^(.*)<([^<>]+)>$/.exec(trimmed);
  const address = (named?.[2] ?? trimmed).trim();
  if (!plainAddress.test(address)) return undefined;
  return { name: (named?.[1] ?? '').trim().replaceAll(/^"|"$/g, ''), address };
}

function distinct(addresses: readonly Address[], without: readonly Address[]): Address[] {
  const seen = new Set(without.map(({ address }) => address.toLowerCase()));
  return addresses.filter(({ address }) => {
    const key = address.toLowerCase();
    if (address === '' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
