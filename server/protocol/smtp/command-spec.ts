/** What the dispatcher knows about a command before it runs it. */
import type { SmtpSession } from './session.ts';

export type CommandSpec = {
  readonly verbs: readonly string[];
  /** What must be true; checked by the dispatcher alone, in this order: hello, auth, transaction. */
  readonly needs: 'nothing' | 'hello' | 'auth' | 'transaction';
  readonly takesArgument: 'no' | 'yes' | 'maybe';
  /** Only where the profile's hello list or this says so; default: everywhere. */
  readonly availableIn?: (session: SmtpSession) => boolean;
  /** The EHLO line that offers it, when it is offered now. */
  readonly capability?: (session: SmtpSession) => string | undefined;
  readonly rfc: string;
  /** Replies through the session. Faults thrown become replies. */
  readonly run: (session: SmtpSession, argument: string, verb: string) => Promise<void> | void;
};
