/**
 * What can go wrong between the GUI and the appliance, as one kind of error. `code` is the stable code of the control API or of the HTTP API, or
 * one of ours: `Offline` (no answer at all) and `Garbled` (an answer that does not fit the contract). The words for people are chosen from the code
 * (see fault-alert.tsx); `message` is what the server said and is shown as a detail.
 */
export class Fault extends Error {
  readonly code: string;
  readonly status: number;
  /** Which values would have been right. */
  readonly allowed: string | undefined;
  /** By input field, what is wrong with it. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(
    code: string,
    status: number,
    message: string,
    more: { allowed?: string | undefined; fields?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'Fault';
    this.code = code;
    this.status = status;
    this.allowed = more.allowed;
    this.fields = more.fields ?? {};
  }

  /** Nobody is signed in, or no longer. */
  get isUnauthorized(): boolean {
    return this.status === 401;
  }
}

export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('Internal', 0, error instanceof Error ? error.message : String(error), { cause: error });
}
