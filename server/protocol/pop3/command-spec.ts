/** What the dispatcher knows about a command before it runs it. */
import type { Pop3Session, Pop3State } from './session.ts';

export type Pop3Command = {
  readonly name: string;
  /** RFC 2449 §6 tells for each capability; the dispatcher refuses in the other state. */
  readonly states: readonly Pop3State[];
  /** The CAPA lines that it offers now. */
  readonly capability?: (session: Pop3Session) => readonly string[];
  readonly rfc: string;
  /** `argument` is all that follows the command's name and one space, exactly: PASS may hold spaces. */
  readonly run: (session: Pop3Session, argument: string) => Promise<void> | void;
};
