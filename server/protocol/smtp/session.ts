/**
 * One SMTP or LMTP connection: its state, and the only functions that change it. Commands call them; the dispatcher feeds commands.
 *
 * Invariants: a transaction exists only after a hello; `hello`, `startTls` and a finished message drop it; replies go out in order, together when the client
 * pipelines, and always before the session waits for more input.
 */
import type { Budget } from '../../base/budget.ts';
import type { Connection } from '../../base/connection.ts';
import type { Logger } from '../../base/log.ts';
import type { SocketIo } from '../../base/socket-io.ts';
import type { Config } from '../../config/schema.ts';
import type { Operations } from '../../operations/contract.ts';
import type { Account } from '../../operations/contract-accounts.ts';
import { AccessWatch } from '../access-watch.ts';
import type { SmtpProfile } from './profile.ts';
import type { Transaction } from './transaction.ts';
import type { SmtpEvent, SmtpReader } from './wire/reader.ts';
import { encodeReply, isPositive, type SmtpReply } from './wire/reply.ts';

export type SmtpLimits = {
  readonly maxMessageBytes: number;
  readonly maxRecipients: number;
  /** Refused commands after which the connection is closed. */
  readonly maxErrors: number;
  readonly maxAuthFailures: number;
  readonly memoryWaitMs: number;
};

/** What all sessions of a service share. */
export type SmtpServices = {
  readonly profile: SmtpProfile;
  readonly config: Config;
  readonly operations: Operations;
  readonly limits: SmtpLimits;
  /** Memory for messages in flight, of all services of the worker. */
  readonly memory: Budget;
};

export type Hello = { readonly verb: string; readonly name: string };

export class SmtpSession {
  readonly connection: Connection;
  readonly services: SmtpServices;
  readonly log: Logger;
  readonly io: SocketIo;
  readonly reader: SmtpReader;
  /** Of the user who has signed in. */
  readonly access: AccessWatch;
  #hello: Hello | undefined;
  #account: Account | undefined;
  #transaction: Transaction | undefined;
  #errors = 0;
  #authFailures = 0;
  #closing = false;
  #lastReply: SmtpReply | undefined;

  constructor(connection: Connection, services: SmtpServices, log: Logger, io: SocketIo, reader: SmtpReader) {
    this.connection = connection;
    this.services = services;
    this.log = log;
    this.io = io;
    this.reader = reader;
    this.access = new AccessWatch(services.operations.events);
  }

  get profile(): SmtpProfile {
    return this.services.profile;
  }

  get hello(): Hello | undefined {
    return this.#hello;
  }

  /** After AUTH. */
  get account(): Account | undefined {
    return this.#account;
  }

  get transaction(): Transaction | undefined {
    return this.#transaction;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** For the log: what the command in work was answered. */
  get lastReply(): SmtpReply | undefined {
    return this.#lastReply;
  }

  /** The client may see UTF-8 in replies (RFC 6531 §3.7.4.2). */
  get utf8Replies(): boolean {
    return this.#transaction?.parameters.smtpUtf8 === true;
  }

  reply(value: SmtpReply): void {
    this.#lastReply = value;
    if (!isPositive(value)) this.#errors += 1;
    this.io.write(encodeReply(value, this.utf8Replies));
  }

  get tooManyErrors(): boolean {
    return this.#errors >= this.services.limits.maxErrors;
  }

  /** Input up to the next event; undefined = the client is gone. Replies collected so far leave first. Rejects with IdleTimeout. */
  async nextEvent(): Promise<SmtpEvent | undefined> {
    for (;;) {
      const event = this.reader.next();
      if (event !== undefined) return event;
      await this.io.flush();
      const bytes = await this.io.read();
      if (bytes === undefined) return undefined;
      this.reader.push(bytes);
    }
  }

  greet(hello: Hello): void {
    this.endTransaction();
    this.#hello = hello;
  }

  authenticated(account: Account): void {
    this.#account = account;
    this.access.begin('smtp', account);
  }

  /** Counts a wrong password; true when there were too many. */
  authFailed(): boolean {
    this.#authFailures += 1;
    return this.#authFailures >= this.services.limits.maxAuthFailures;
  }

  begin(transaction: Transaction): void {
    this.endTransaction();
    this.#transaction = transaction;
  }

  endTransaction(): void {
    this.#transaction?.drop();
    this.#transaction = undefined;
  }

  /** RFC 3207 §4.2: what the client said in the clear is forgotten, and so is everything it sent after the command. Rejects when the handshake fails. */
  async startTls(): Promise<void> {
    await this.io.flush();
    this.reader.reset();
    this.io.detachForUpgrade();
    this.endTransaction();
    this.#hello = undefined;
    this.#account = undefined;
    this.access.end();
    await this.connection.startTls();
    this.io.resumeOn(this.connection.socket);
  }

  /** No further command is taken. */
  close(): void {
    this.#closing = true;
  }
}
