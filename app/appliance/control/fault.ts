/** A request that was refused, with the code that clients see. */
import type { ErrorCode } from './contract.ts';

export class ControlFault extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly allowed: string | undefined;

  constructor(status: number, code: ErrorCode, message: string, allowed?: string) {
    super(message);
    this.name = 'ControlFault';
    this.status = status;
    this.code = code;
    this.allowed = allowed;
  }
}
