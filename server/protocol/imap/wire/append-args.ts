/** APPEND and REPLACE arguments (RFC 9051 §6.3.12, RFC 3502, RFC 4469, RFC 6855 §4, RFC 8508). */
import type { Flag } from '../../../mail/flags.ts';
import type { ArgumentParser } from './parser.ts';
import type { Literal } from './raw-command.ts';

export type CatenatePart = { readonly kind: 'text'; readonly literal: Literal } | { readonly kind: 'url'; readonly url: string };

export type AppendData =
  | { readonly kind: 'literal'; readonly literal: Literal }
  /** `UTF8 (~{n}…)`: headers may hold UTF-8 (RFC 6855 §4). */
  | { readonly kind: 'utf8'; readonly literal: Literal }
  | { readonly kind: 'catenate'; readonly parts: readonly CatenatePart[] };

export type AppendMessage = {
  readonly flags: readonly Flag[];
  /** ms since 1970; undefined means now. */
  readonly internalDate: number | undefined;
  readonly data: AppendData;
};

export type AppendArguments = { readonly mailbox: string; readonly messages: readonly AppendMessage[] };

/** How many messages one MULTIAPPEND may bring; the reader's literal limits bind first. */
const MAX_MESSAGES = 1000;

/** ` mailbox 1*([ flags][ date] data)` to the end of the command. */
export function expectAppendArguments(parser: ArgumentParser): AppendArguments {
  const mailbox = expectAppendMailbox(parser);
  const messages: AppendMessage[] = [];
  parser.expectSp();
  do {
    if (messages.length >= MAX_MESSAGES) throw parser.fault('Too many messages in one APPEND');
    messages.push(expectAppendMessage(parser));
  } while (parser.trySp());
  parser.expectEnd();
  return { mailbox, messages };
}

/** ` mailbox`: all that is known while the literal is still to come. */
export function expectAppendMailbox(parser: ArgumentParser): string {
  parser.expectSp();
  return parser.expectMailbox();
}

export type ReplaceArguments = {
  /** A sequence number, or a UID for UID REPLACE; 0 stands for `*`. */
  readonly number: number;
  readonly mailbox: string;
  readonly message: AppendMessage;
};

/** ` number mailbox[ flags][ date] data` to the end of the command. */
export function expectReplaceArguments(parser: ArgumentParser): ReplaceArguments {
  parser.expectSp();
  const number = parser.tryChar('*') ? 0 : parser.expectNzNumber('a message number');
  const mailbox = expectAppendMailbox(parser);
  parser.expectSp();
  const message = expectAppendMessage(parser);
  parser.expectEnd();
  return { number, mailbox, message };
}

function expectAppendMessage(parser: ArgumentParser): AppendMessage {
  let flags: readonly Flag[] = [];
  if (parser.peekIs('(')) {
    flags = parser.expectFlagList();
    parser.expectSp();
  }
  let internalDate: number | undefined;
  if (parser.peekIs('"')) {
    internalDate = parser.expectDateTime();
    parser.expectSp();
  }
  return { flags, internalDate, data: expectAppendData(parser) };
}

function expectAppendData(parser: ArgumentParser): AppendData {
  const literal = parser.tryLiteral();
  if (literal !== undefined) return { kind: 'literal', literal };
  if (parser.tryWord('UTF8')) {
    parser.expectSp();
    parser.expectChar('(');
    const utf8 = parser.expectLiteral();
    parser.expectChar(')');
    return { kind: 'utf8', literal: utf8 };
  }
  if (parser.tryWord('CATENATE')) {
    parser.expectSp();
    return { kind: 'catenate', parts: parser.expectList(() => expectCatenatePart(parser)) };
  }
  throw parser.fault('Expected a message literal');
}

function expectCatenatePart(parser: ArgumentParser): CatenatePart {
  if (parser.tryWord('TEXT')) {
    parser.expectSp();
    return { kind: 'text', literal: parser.expectLiteral() };
  }
  if (parser.tryWord('URL')) {
    parser.expectSp();
    return { kind: 'url', url: parser.expectText('a URL') };
  }
  throw parser.fault('Expected TEXT or URL');
}
