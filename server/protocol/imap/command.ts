/** What a command is: a spec as data plus `parse` and `run`. One family a file in `commands/`; `registry.ts` lists them. */
import type { Logger } from '../../base/log.ts';
import type { UserId } from '../../mail/ids.ts';
import type { Operations } from '../../operations/contract.ts';
import type { ImapSettings } from './settings.ts';
import type { Session, SessionState } from './session.ts';
import type { ImapOutput } from './output.ts';
import type { ArgumentParser } from './wire/parser.ts';

/** The tagged reply. `code` is what stands in brackets, without them. */
export type Completion = { readonly status: 'OK' | 'NO' | 'BAD'; readonly code?: string | undefined; readonly text: string };

/** What a command may ask of its connection. */
export type ClientControl = {
  readonly id: string;
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly loopback: boolean;
  /** A password may come over this connection. */
  readonly passwordAllowed: boolean;
  readonly canStartTls: boolean;
  /** SASL mechanisms offered on this connection, the safest first. */
  readonly mechanisms: readonly string[];
  readonly channelBindings: ReadonlyMap<string, Buffer>;
  /** Writes a continuation with this text and waits for one line from the client; undefined when the connection ended. */
  readonly ask: (text: string, maxBytes: number) => Promise<Buffer | undefined>;
  /** After the tagged OK is written: drops what the client sent in the clear and upgrades. */
  readonly startTls: () => void;
  /** After the tagged OK is written: both directions go through DEFLATE (RFC 4978). */
  readonly startCompression: () => void;
  /** After the tagged OK is written: both directions are plain again (RFC 8437 §3). */
  readonly endCompression: () => void;
  readonly compressed: boolean;
  /** Stays in IDLE until DONE; updates are told as they come. The tagged reply follows from the dispatcher. */
  readonly idle: () => Promise<'done' | 'bad' | 'closed'>;
  /** There may be something to tell that no command asked for. */
  readonly wake: () => void;
  /** Counts and delays; true when it was one too many and the connection must end. */
  readonly failedLogin: () => Promise<boolean>;
  /** Registers the session with the user's connections. False: too many. */
  readonly claimUser: (user: UserId) => Promise<boolean>;
  readonly releaseUser: () => void;
  /** The client's ID, for the log. */
  clientName: string | undefined;
};

export type CommandContext = {
  readonly session: Session;
  readonly ops: Operations;
  readonly out: ImapOutput;
  readonly client: ClientControl;
  readonly settings: ImapSettings;
  readonly log: Logger;
  /** The capabilities of this moment, space-separated. */
  readonly capabilities: () => string;
  /** Tells a client that waits long how far its command is (RFC 9585); at most every few seconds something is written. */
  readonly progress: (tag: string, done: number, total: number) => void;
  /** Tells what the view has news of, as every command does at its end. */
  readonly tellUpdates: (what: UpdateWish) => Promise<void>;
};

export type UpdateWish = {
  readonly allowExpunge: boolean;
  /** The command is a UID form. */
  readonly uid: boolean;
  /** The command itself removes messages: their expunge is its answer, whatever NOTIFY wants to hear. */
  readonly removes?: boolean;
};

/** What a capability depends on. */
export type CapabilityFacts = {
  readonly state: SessionState;
  readonly secure: boolean;
  readonly canStartTls: boolean;
  readonly passwordAllowed: boolean;
  readonly mechanisms: readonly string[];
  readonly compressed: boolean;
  readonly maxMessageBytes: number;
};

export type Invocation = { readonly tag: string; readonly name: string; readonly uid: boolean; readonly session: Session };

export type CommandSpec<Args = unknown> = {
  /** Upper case; a UID form is a name of its own (`UID FETCH`). */
  readonly names: readonly string[];
  readonly states: readonly SessionState[];
  readonly rfc: string;
  /** What the command's presence lets the server announce. */
  readonly capabilities?: (facts: CapabilityFacts) => readonly string[];
  /** Whether EXPUNGE may be told with its reply; `uid`: only in the UID form (RFC 9051 §7.5.1). */
  readonly expunge: 'yes' | 'no' | 'uid';
  /** Its answer is the expunge of messages. */
  readonly removes?: boolean;
  /** The command asks for news (NOOP): when they can't be had, it fails. Others succeed without. */
  readonly syncs?: boolean;
  /** The form without UID counts in sequence numbers, which UIDONLY forbids (RFC 9586 §3). */
  readonly byNumber?: boolean;
  /** Arguments are secret: never in a trace. */
  readonly secret?: boolean;
  /** Throws a syntax Fault. Must consume the arguments up to the end. */
  readonly parse: (args: ArgumentParser, invocation: Invocation) => Args;
  readonly run: (context: CommandContext, args: Args, invocation: Invocation) => Promise<Completion | void>;
};

/** Keeps the argument type together within a spec and forgets it outside. */
export function command<Args>(spec: CommandSpec<Args>): CommandSpec {
  return spec as CommandSpec;
}

export function ok(text: string, code?: string): Completion {
  return { status: 'OK', code, text };
}

export function no(text: string, code?: string): Completion {
  return { status: 'NO', code, text };
}

/** For commands without arguments. */
export function noArguments(args: ArgumentParser): undefined {
  args.expectEnd();
  return undefined;
}

export const AUTHENTICATED: readonly SessionState[] = ['authenticated', 'selected'];
export const SELECTED: readonly SessionState[] = ['selected'];
export const ANY_STATE: readonly SessionState[] = ['not-authenticated', 'authenticated', 'selected'];
