/** The message that `vacation` sends (RFC 5230 §5): like an autoreply, with a sender of its own and, with `:mime`, a body that the script wrote with its header. */
import { parseAddressList } from '../mime/addresses.ts';
import { readHeaderFields } from '../mime/header-fields.ts';
import type { Vacation } from '../sieve/result.ts';
import { composeReply, type AutoreplyInput } from './autoreply.ts';

type Question = AutoreplyInput & { readonly name: string; readonly hostname: string };

/** `:from` counts when it is an address of the user's; otherwise the one that was written to (RFC 5230 §4.3 lets us choose). */
export async function vacationReply(question: Question, vacation: Vacation, ownAddresses: readonly string[]): Promise<Buffer> {
  const [from] = vacation.from === undefined ? [] : parseAddressList(Buffer.from(vacation.from).toString('latin1'), 1);
  const own = from !== undefined && ownAddresses.includes(from.address.toLowerCase()) ? from : undefined;
  const sender = own === undefined ? {} : { recipient: own.address, ...(own.name === '' ? {} : { name: own.name }) };
  if (!vacation.mime) return composeReply({ ...question, ...sender });
  const head = await composeReply({ ...question, ...sender, autoreply: { ...question.autoreply, text: '' } });
  const kept = readHeaderFields(head, 0, head.length)
    .filter(({ name }) => !name.startsWith('content-'))
    .map(({ start, end }) => head.subarray(start, end));
  const entity = vacation.text.replace(/\r?\n/g, '\r\n');
  return Buffer.concat([...kept, Buffer.from(entityOf(entity))]);
}

/** A body without any header is text. */
function entityOf(text: string): string {
  return /^[\u0021-\u0039\u003b-\u007e]+:/.test(text)
    ? text
    : `Content-Type: text/plain; charset=utf-8\r\n\r\n${text.replace(/^\r\n/, '')}`;
}
