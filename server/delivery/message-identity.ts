/** What people know a message by: its Message-ID and its subject. */
import { decodeWords } from '../mime/encoded-words.ts';
import { fieldValue, findField, type HeaderField, readHeaderFields } from '../mime/header-fields.ts';

export type MessageIdentity = {
  /** With angle brackets; empty when there is none that can be read. */
  readonly messageId: string;
  /** Decoded; empty when there is none. */
  readonly subject: string;
};

/** Beyond this nothing is looked for (octets). */
const MAX_HEADER_BYTES = 1024 * 1024;

export function identityOf(raw: Buffer, fields: readonly HeaderField[] = headerOf(raw)): MessageIdentity {
  const valueOf = (name: string): string => {
    const field = findField(fields, name);
    return field === undefined ? '' : fieldValue(raw, field);
  };
  return { messageId: /<[^<>\s]+>/.exec(valueOf('message-id'))?.[0] ?? '', subject: decodeWords(valueOf('subject')) };
}

/** The fields of the message's own header. */
export function headerOf(raw: Buffer): HeaderField[] {
  return readHeaderFields(raw, 0, raw.length, MAX_HEADER_BYTES);
}
