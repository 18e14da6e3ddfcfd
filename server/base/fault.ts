/**
 * Faults have kinds, not strings: every layer throws these and each protocol's dispatcher turns the kind into its own reply
 * (IMAP NO/BAD with a code, SMTP 4xx/5xx, HTTP status). A client never sees the text of any other exception.
 */

/**
 * - `syntax`: the request can't be understood (BAD, 501, HTTP 400)
 * - `user`: understood, and refused for a reason the person can do something about (NO, 5xx, HTTP 4xx)
 * - `busy`: try again later; nothing was changed (NO [UNAVAILABLE], 4xx, HTTP 503)
 * - `server`: our own error; logged in full, told only as such (NO [SERVERBUG], 451, HTTP 500)
 * - `connection`: the connection must end
 */
export type FaultKind = 'syntax' | 'user' | 'busy' | 'server' | 'connection';

/** The response codes of RFC 5530 §3 (and RFC 3501, 4315, 9208, 7889) that operations raise; protocols map them. */
export type FaultCode =
  | 'ALREADYEXISTS'
  | 'AUTHENTICATIONFAILED'
  | 'AUTHORIZATIONFAILED'
  | 'CANNOT'
  | 'CLIENTBUG'
  | 'CONTACTADMIN'
  | 'EXPIRED'
  | 'HASCHILDREN'
  | 'INUSE'
  | 'LIMIT'
  | 'NONEXISTENT'
  | 'NOPERM'
  | 'OVERQUOTA'
  | 'PRIVACYREQUIRED'
  | 'SERVERBUG'
  | 'TOOBIG'
  | 'TRYCREATE'
  | 'UNAVAILABLE'
  | 'SYNTAX'
  | 'CLOSED';

/** An expected failure. `message` is written for the person at the other end and holds no secret. */
export class Fault extends Error {
  readonly kind: FaultKind;
  readonly code: FaultCode;

  constructor(kind: FaultKind, code: FaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Fault';
    this.kind = kind;
    this.code = code;
  }
}

/** The database or another part is away for now; nothing was changed. */
export function unavailable(message: string, cause?: unknown): Fault {
  return new Fault('busy', 'UNAVAILABLE', message, { cause });
}

/** What was named does not exist. */
export function nonexistent(message: string): Fault {
  return new Fault('user', 'NONEXISTENT', message);
}

/** A refusal that repeating will not change. */
export function refused(code: FaultCode, message: string): Fault {
  return new Fault('user', code, message);
}

/** True for a Fault of that code, whatever threw it. */
export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}
