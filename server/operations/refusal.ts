/**
 * Refusals of administrative calls with a reason that clients know by name. The names are those of the HTTP API (`api/contract/errors.ts` has their
 * statuses); protocols that meet one see an ordinary Fault.
 */
import { Fault, type FaultCode } from '../base/fault.ts';

const CODES: readonly (readonly [RegExp, FaultCode])[] = [
  [/NotFound$|^NoSuch/, 'NONEXISTENT'],
  [/Exists/, 'ALREADYEXISTS'],
  [/^(?:TooMany|RateLimitedError)$/, 'LIMIT'],
  [/^OverQuotaError$/, 'OVERQUOTA'],
];

export class Refusal extends Fault {
  readonly reason: string;
  constructor(reason: string, message: string, options?: { cause?: unknown }) {
    super('user', CODES.find(([pattern]) => pattern.test(reason))?.[1] ?? 'CANNOT', message, options);
    this.reason = reason;
  }
}

/** A value that can't be accepted, told like a fault of the request's form: field → what is wrong. */
export class InvalidInput extends Refusal {
  readonly details: Readonly<Record<string, string>>;
  constructor(field: string, message: string) {
    super('InputValidationError', message);
    this.details = { [field]: message };
  }
}

export const userNotFound = (): Refusal => new Refusal('UserNotFound', 'This user does not exist');
export const addressNotFound = (): Refusal => new Refusal('AddressNotFound', 'Invalid or unknown address identifier');
