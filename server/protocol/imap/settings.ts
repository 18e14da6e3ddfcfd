/** What the IMAP service needs to know, with the defaults that tests and the worker share. Times in ms, sizes in octets. */
export type ImapSettings = {
  readonly hostname: string;
  /** RFC 9051 §5.4: at least 30 minutes. */
  readonly idleTimeoutMs: number;
  /** Time to log in. */
  readonly preAuthTimeoutMs: number;
  /** How long a client may take nothing of what is written to it. */
  readonly stallTimeoutMs: number;
  readonly maxLineBytes: number;
  /** A literal that is no message. */
  readonly maxLiteralBytes: number;
  readonly maxArguments: number;
  readonly maxNesting: number;
  /** Numbers and ranges in one sequence set. */
  readonly maxSetMembers: number;
  readonly maxMessageBytes: number;
  /** Read-ahead of pipelined commands while one runs. */
  readonly maxPipelinedBytes: number;
  /** Replies are written to the socket in pieces of about this size; no more than that waits in memory. */
  readonly flushBytes: number;
  /** Unless the user has an own limit. */
  readonly maxConnectionsPerUser: number;
  readonly maxCommandsBeforeLogin: number;
  /** BAD replies in a row after which the connection ends. */
  readonly maxBadCommands: number;
  readonly failureDelayMs: number;
  readonly maxFailuresPerConnection: number;
  /** User names, as they sign in, of those who may set quotas and the server's shared metadata. */
  readonly administrators: readonly string[];
  /** From where a password may come without TLS. */
  readonly allowPlaintext: 'never' | 'loopback' | 'always';
};

export const DEFAULT_IMAP_SETTINGS: ImapSettings = {
  hostname: 'localhost',
  idleTimeoutMs: 30 * 60_000,
  preAuthTimeoutMs: 60_000,
  stallTimeoutMs: 60_000,
  maxLineBytes: 64 * 1024,
  maxLiteralBytes: 64 * 1024,
  maxArguments: 20_000,
  maxNesting: 250,
  maxSetMembers: 50_000,
  maxMessageBytes: 64 * 1024 * 1024,
  maxPipelinedBytes: 64 * 1024,
  flushBytes: 64 * 1024,
  maxConnectionsPerUser: 100,
  maxCommandsBeforeLogin: 50,
  maxBadCommands: 30,
  failureDelayMs: 2_000,
  maxFailuresPerConnection: 5,
  administrators: [],
  allowPlaintext: 'loopback',
};
