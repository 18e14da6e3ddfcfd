/** How much the reader takes from a client, before and after login, and what a client is told that sends more. */
import type { ImapOutput } from './output.ts';
import type { ImapSettings } from './settings.ts';
import type { ParserOptions } from './wire/cursor.ts';
import { AUTHENTICATED_LIMITS, type ReaderFault, type ReaderLimits, UNAUTHENTICATED_LIMITS } from './wire/reader.ts';

export function limitsBeforeLogin(settings: ImapSettings): ReaderLimits {
  return { ...UNAUTHENTICATED_LIMITS, lineBytes: Math.min(UNAUTHENTICATED_LIMITS.lineBytes, settings.maxLineBytes) };
}

export function limitsAfterLogin(settings: ImapSettings): ReaderLimits {
  return {
    ...AUTHENTICATED_LIMITS,
    // RFC 7162 §4 asks for at least 8192.
    lineBytes: Math.max(8192, settings.maxLineBytes),
    literalBytes: settings.maxLiteralBytes,
    commandBytes: Math.max(AUTHENTICATED_LIMITS.commandBytes, settings.maxLineBytes, settings.maxLiteralBytes),
    messageBytes: settings.maxMessageBytes,
    messageTotalBytes: settings.maxMessageBytes * 2,
    skipBytes: settings.maxMessageBytes,
  };
}

const CARRIES_MESSAGES: ReadonlySet<string> = new Set(['APPEND', 'REPLACE', 'UID REPLACE']);

/** The tagged reply (untagged without a tag). A message beyond APPENDLIMIT is NO [TOOBIG] (RFC 7889 §3.1, RFC 4469 §4.2), all else BAD. */
export function answerFault(out: ImapOutput, fault: ReaderFault, loggedIn: boolean): void {
  const tooBig = loggedIn && fault.reason === 'literal-too-big' && fault.name !== undefined && CARRIES_MESSAGES.has(fault.name);
  if (fault.fatal && fault.tag === undefined) return;
  out.tagged(fault.tag, tooBig ? 'NO' : 'BAD', fault.text, tooBig ? 'TOOBIG' : undefined);
}

/** How much one command may ask for. */
export function parserLimits(settings: ImapSettings): Omit<ParserOptions, 'utf8'> {
  const { maxNesting: maxDepth, maxArguments, maxSetMembers: maxRanges } = settings;
  return { maxDepth, maxArguments, maxRanges };
}
