/** Why fetching did not work, in words for the person whose account it is. */
import { isFault } from '../../base/fault.ts';
import { Pop3SyntaxFault } from './pop3/wire/responses.ts';
import type { FetchFailureCode } from '../../store/types-external.ts';

export class FetchFault extends Error {
  readonly code: FetchFailureCode;

  constructor(code: FetchFailureCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'FetchFault';
    this.code = code;
  }
}

const MAX_TEXT = 300;

type NetworkError = Error & {
  readonly code?: string;
  readonly authenticationFailed?: boolean;
  readonly responseText?: string;
  readonly tlsFailed?: boolean;
};

/** The fault behind whatever a client or the network threw. */
export function asFetchFault(error: unknown): FetchFault {
  if (error instanceof FetchFault) return error;
  if (error instanceof Pop3SyntaxFault) return new FetchFault('refused', error.message, { cause: error });
  if (isFault(error, 'OVERQUOTA')) return new FetchFault('full', 'The mailbox here is full', { cause: error });
  if (isFault(error) && error.kind === 'busy') return new FetchFault('busy', 'The mail store is away for now', { cause: error });
  const {
    code = '',
    message,
    authenticationFailed,
    responseText,
    tlsFailed,
  } = (error instanceof Error ? error : new Error(String(error))) as NetworkError;
  const said = oneLine(responseText ?? message);
  const make = (kind: FetchFailureCode, text: string): FetchFault => new FetchFault(kind, text, { cause: error });
  if (authenticationFailed === true) return make('signIn', `The sign-in was refused: ${said}`);
  if (/^(?:ENOTFOUND|EAI_|ENODATA|ESERVFAIL|EDNS)/.test(code)) return make('dns', `The server’s name is not known: ${said}`);
  if (/CERT|SELF_SIGNED|ISSUER|ERR_TLS_CERT|UNABLE_TO_/.test(code))
    return make('certificate', `Its certificate is not trusted: ${said}`);
  if (tlsFailed === true || /^(?:ERR_SSL|ERR_TLS|EPROTO)/.test(code))
    return make('tls', `No encryption could be agreed on: ${said}`);
  if (/TIMEOUT|TIMEDOUT|Timeout/.test(code)) return make('timeout', `The server did not answer in time: ${said}`);
  if (/^E[A-Z]+$/.test(code) || /^(?:NoConnection|ClosedAfterConnect|EConnectionClosed)/.test(code)) {
    return make('connection', `The server can’t be reached: ${said}`);
  }
  if (responseText !== undefined) return make('refused', `The server said: ${said}`);
  return make('failed', said === '' ? 'It did not work' : said);
}

export function oneLine(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, MAX_TEXT);
}
