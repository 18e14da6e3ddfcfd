/** The words by which the learning filter knows a message: of its subject and text, of who sent it and how, each once. */
import type { AnalyzedMessage } from '../../mime/types.ts';

/** More text than this says nothing new. */
const TEXT_CHARS = 40_000;
const MAX_TOKENS = 400;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}'’$€£%-]{1,23}[\p{L}\p{N}$€£%]/gu;
const LINK_HOST = /https?:\/\/([a-z0-9.-]{4,100})/gi;

/** Distinct, bounded in number and length; prefixes say where a word stood. */
export function tokensOf(message: AnalyzedMessage): readonly string[] {
  const tokens = new Set<string>();
  const add = (token: string): void => {
    if (tokens.size < MAX_TOKENS) tokens.add(token);
  };
  for (const word of words(message.subject)) add(`subject:${word}`);
  for (const { address } of message.from.slice(0, 3)) {
    add(`from:${address.toLowerCase().slice(0, 100)}`);
    add(
      `domain:${address
        .slice(address.lastIndexOf('@') + 1)
        .toLowerCase()
        .slice(0, 100)}`,
    );
  }
  if (message.listId !== '') add(`list:${message.listId.slice(0, 100)}`);
  for (const { contentType, filename } of message.attachments.slice(0, 10)) {
    add(`type:${contentType}`);
    const extension = /\.([a-z0-9]{1,6})$/i.exec(filename)?.[1];
    if (extension !== undefined) add(`file:${extension.toLowerCase()}`);
  }
  const text = message.text.body.slice(0, TEXT_CHARS);
  for (const [, host = ''] of text.matchAll(LINK_HOST)) add(`link:${host.toLowerCase()}`);
  for (const word of words(text)) add(word);
  return [...tokens];
}

function* words(text: string): Generator<string> {
  // Numbers alone are invoices and dates: never the same twice.
  for (const [word] of text.matchAll(WORD)) if (!/^[\p{N}.,%-]+$/u.test(word)) yield word.toLowerCase();
}
