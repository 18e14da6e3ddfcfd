/**
 * How a command ends. 0: done. 1: it could not be done, and the message says why and what to do. 2: it was asked wrongly, and the message says what
 * is allowed.
 */
export class CliFault extends Error {
  readonly exitCode: 1 | 2;
  /** Machine-readable, for --json. */
  readonly code: string;

  constructor(exitCode: 1 | 2, message: string, code: string = exitCode === 2 ? 'Usage' : 'Failed') {
    super(message);
    this.name = 'CliFault';
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** Asked wrongly: exit 2. */
export function usage(message: string): CliFault {
  return new CliFault(2, message);
}
