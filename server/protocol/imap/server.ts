/** The IMAP service of a worker: what all its connections share, and the handler that the listener calls. */
import type { Connection } from '../../base/connection.ts';
import { isFault } from '../../base/fault.ts';
import type { ConnectionHandler } from '../../base/listener.ts';
import type { Logger } from '../../base/log.ts';
import type { UserId } from '../../mail/ids.ts';
import { endsSession, type Operations, type UserEvent } from '../../operations/contract.ts';
import type { CommandContext, Completion } from './command.ts';
import { ImapConnection } from './connection.ts';
import type { Dispatched } from './dispatcher.ts';
import { resolveMailbox } from './mailbox-names.ts';
import { parserLimits } from './reader-limits.ts';
import { sharedClaims } from './recent-claims.ts';
import { DEFAULT_IMAP_SETTINGS, type ImapSettings } from './settings.ts';
import { Timeouts } from './timeouts.ts';
import { expectAppendMailbox } from './wire/append-args.ts';
import { ArgumentParser } from './wire/parser.ts';
import type { LiteralRequest } from './wire/reader.ts';

export type ImapServerOptions = {
  readonly ops: Operations;
  readonly log: Logger;
  readonly settings?: Partial<ImapSettings>;
  /** A user's own limit on connections; 0 = the one of the settings. */
  readonly connectionLimitOf?: (user: UserId) => Promise<number>;
  /** Memory for messages being received over all connections (octets). */
  readonly maxInFlightBytes?: number;
  /** Called after each command, for metrics. */
  readonly onCommand?: (done: Dispatched) => void;
};

/** A user's connections in this worker, and the ear for what happens to the user. */
type UserSessions = { readonly connections: Set<ImapConnection>; readonly unsubscribe: () => void };

const DEFAULT_IN_FLIGHT_BYTES = 192 * 1024 * 1024;

export class ImapServer {
  readonly ops: Operations;
  readonly log: Logger;
  readonly settings: ImapSettings;
  readonly timeouts: Timeouts;
  readonly #connections = new Set<ImapConnection>();
  readonly #byUser = new Map<UserId, UserSessions>();
  readonly #maxInFlightBytes: number;
  readonly #onCommand: ((done: Dispatched) => void) | undefined;
  readonly #connectionLimitOf: ((user: UserId) => Promise<number>) | undefined;
  #inFlightBytes = 0;

  constructor(options: ImapServerOptions) {
    const { mailboxes } = options.ops;
    this.ops = { ...options.ops, mailboxes: { ...mailboxes, claimRecent: sharedClaims(mailboxes.claimRecent) } };
    this.log = options.log.with({ service: 'imap' });
    this.settings = { ...DEFAULT_IMAP_SETTINGS, ...options.settings };
    const { preAuthTimeoutMs, idleTimeoutMs, stallTimeoutMs } = this.settings;
    this.timeouts = new Timeouts(Math.min(5_000, Math.max(10, Math.min(preAuthTimeoutMs, idleTimeoutMs, stallTimeoutMs) / 4)));
    this.#maxInFlightBytes = options.maxInFlightBytes ?? Math.max(DEFAULT_IN_FLIGHT_BYTES, this.settings.maxMessageBytes);
    this.#onCommand = options.onCommand;
    this.#connectionLimitOf = options.connectionLimitOf;
  }

  /** For `listen`. */
  readonly handler: ConnectionHandler = {
    accept: (connection: Connection) => {
      const session = new ImapConnection(this, connection);
      this.#connections.add(session);
      session.start();
    },
    busyLine: (reason) => `* BYE [UNAVAILABLE] ${reason}\r\n`,
  };

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Sessions of each user, for metrics. */
  get userCount(): number {
    return this.#byUser.size;
  }

  forget(connection: ImapConnection): void {
    this.#connections.delete(connection);
  }

  /** False: the user has too many sessions. */
  async claimUser(user: UserId, connection: ImapConnection): Promise<boolean> {
    const own = (await this.#connectionLimitOf?.(user)) ?? 0;
    const limit = own > 0 ? own : this.settings.maxConnectionsPerUser;
    let sessions = this.#byUser.get(user);
    if (sessions === undefined) {
      sessions = {
        connections: new Set(),
        unsubscribe: this.ops.events.subscribe(user, (event) => this.#onUserEvent(user, event)),
      };
      this.#byUser.set(user, sessions);
    }
    if (sessions.connections.size >= limit) return false;
    sessions.connections.add(connection);
    return true;
  }

  releaseUser(user: UserId, connection: ImapConnection): void {
    const sessions = this.#byUser.get(user);
    if (sessions === undefined) return;
    sessions.connections.delete(connection);
    if (sessions.connections.size > 0) return;
    sessions.unsubscribe();
    this.#byUser.delete(user);
  }

  /** One subscription per user, however many sessions. */
  #onUserEvent(user: UserId, event: UserEvent): void {
    if (event.kind !== 'access') return;
    // Password changed, account disabled or removed: whoever may still come in signs in again.
    for (const connection of this.#byUser.get(user)?.connections ?? []) {
      const account = connection.session.accountOrNone;
      if (account === undefined || endsSession(event.only, 'imap', account)) connection.end('Access has changed, sign in again');
    }
  }

  count(done: Dispatched): void {
    this.#onCommand?.(done);
  }

  releaseBytes(bytes: number): void {
    this.#inFlightBytes -= bytes;
  }

  /**
   * Whether a message literal is unwelcome before any of it is sent: no such mailbox, no room in the quota, no memory. Accounts for the memory when it is
   * welcome. A failing store does not refuse here: the command itself will tell.
   */
  async literalRefusal(context: CommandContext, request: LiteralRequest): Promise<Completion | undefined> {
    if (this.#inFlightBytes + request.sizeBytes > this.#maxInFlightBytes) {
      return { status: 'NO', code: 'UNAVAILABLE', text: 'Too many messages are being received, try again later' };
    }
    if (request.sync && request.command.name === 'APPEND' && request.command.literals.length === 0) {
      const refusal = await this.#refuseAppend(context, request);
      if (refusal !== undefined) return refusal;
    }
    this.#inFlightBytes += request.sizeBytes;
    return undefined;
  }

  async #refuseAppend(context: CommandContext, request: LiteralRequest): Promise<Completion | undefined> {
    const { session, ops } = context;
    try {
      const parser = new ArgumentParser(request.command, { ...parserLimits(this.settings), utf8: session.utf8 });
      const name = expectAppendMailbox(parser);
      if (parser.trySp() && parser.peekIs('(')) parser.expectFlagList();
      const { mailbox } = await resolveMailbox(context, name, { needs: 'i', missing: 'TRYCREATE' });
      const quota = await ops.quota(mailbox.user);
      const { limitBytes, limitMessages, usedBytes, usedMessages } = quota;
      if (
        (limitBytes > 0 && usedBytes + request.sizeBytes > limitBytes) ||
        (limitMessages > 0 && usedMessages >= limitMessages)
      ) {
        return { status: 'NO', code: 'OVERQUOTA', text: 'The mailbox is full' };
      }
    } catch (error) {
      if (isFault(error) && error.kind === 'user') return { status: 'NO', code: error.code, text: error.message };
      if (isFault(error) && error.kind === 'syntax') return { status: 'BAD', text: error.message };
      this.log.debug('an APPEND could not be checked beforehand', { error });
    }
    return undefined;
  }
}
