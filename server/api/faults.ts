/** From what went wrong to what the client hears: a status, a stable code and words for a person. Nothing of any other exception gets out. */
import type { z } from 'zod';
import { type Fault, isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { InvalidInput, Refusal } from '../operations/refusal.ts';
import { type ErrorBody, type ErrorCode, statusOf } from './contract/errors.ts';

export type Failure = { readonly status: number; readonly body: ErrorBody };

/** The API's own refusals. */
export function refuse(code: ErrorCode, message: string): Refusal {
  return new Refusal(code, message);
}

/** A refusal whose code comes with another status than usual here. */
export class RefusalWithStatus extends Refusal {
  readonly status: number;
  constructor(status: number, code: ErrorCode, message: string) {
    super(code, message);
    this.status = status;
  }
}

/** What zod found: the first problem of each field. A message that is a sentence of its own stands alone, others follow the field's name. */
export class InvalidFields extends Refusal {
  readonly details: Readonly<Record<string, string>>;
  constructor(issues: readonly z.core.$ZodIssue[]) {
    const details: Record<string, string> = {};
    for (const issue of issues) {
      const field = issue.path.map(String).join('.');
      details[field] ??= issue.message;
    }
    super(
      'InputValidationError',
      Object.entries(details)
        .map(([field, message]) => (/^[a-z]/.test(message) ? `${field} ${message}` : message))
        .join('. '),
    );
    this.details = details;
  }
}

export function failureOf(error: unknown, where: string, log: Logger): Failure {
  if (error instanceof InvalidFields || error instanceof InvalidInput)
    return failure('InputValidationError', error.message, error.details);
  if (error instanceof RefusalWithStatus) return { ...failure(error.reason, error.message), status: error.status };
  if (error instanceof Refusal) return failure(error.reason, error.message);
  if (isFault(error)) return ofFault(error, where, log);
  const frameworkFailure = ofFramework(error);
  if (frameworkFailure !== undefined) return frameworkFailure;
  log.error('an API call failed', { command: where, error });
  return failure('InternalError', 'Something went wrong here. It has been logged.');
}

function ofFault(fault: Fault, where: string, log: Logger): Failure {
  switch (fault.kind) {
    case 'syntax':
      return failure('InputValidationError', fault.message);
    case 'busy':
      log.warn('an API call could not be served', { command: where, error: fault });
      return failure('InternalDatabaseError', 'The database can not be reached. Try again.');
    case 'user':
      return failure(REASONS[fault.code] ?? 'NotPermitted', fault.message);
    default:
      log.error('an API call failed', { command: where, error: fault });
      return failure('InternalError', 'Something went wrong here. It has been logged.');
  }
}

/** Mailbox operations speak the codes of RFC 5530. */
const REASONS: { readonly [code in Fault['code']]?: ErrorCode } = {
  ALREADYEXISTS: 'MailboxExistsError',
  NONEXISTENT: 'NoSuchMailbox',
  TRYCREATE: 'NoSuchMailbox',
  CANNOT: 'DisallowedMailboxMethod',
  HASCHILDREN: 'DisallowedMailboxMethod',
  INUSE: 'DisallowedMailboxMethod',
  OVERQUOTA: 'OverQuotaError',
  LIMIT: 'TooMany',
  TOOBIG: 'BodyTooBig',
  NOPERM: 'MissingPrivileges',
};

function ofFramework(error: unknown): Failure | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return failure('BodyTooBig', 'The body is too big.');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return failure('UnsupportedMediaType', 'This content type is not taken here.');
  if (typeof status === 'number' && status >= 400 && status < 500)
    return failure('InputValidationError', 'The request can not be read.');
  return undefined;
}

function failure(code: string, error: string, details?: Readonly<Record<string, string>>): Failure {
  return { status: statusOf(code), body: details === undefined ? { error, code } : { error, code, details } };
}
