/** One ManageSieve connection (RFC 5804): before and after sign-in. The functions here are the only ones that change that state. */
import type { Connection } from '../../base/connection.ts';
import type { Logger } from '../../base/log.ts';
import type { SocketIo } from '../../base/socket-io.ts';
import type { Config } from '../../config/schema.ts';
import type { Operations } from '../../operations/contract.ts';
import type { Account } from '../../operations/contract-accounts.ts';
import type { SieveScripts } from '../../operations/sieve-scripts.ts';
import type { ManageSieveReader, ReaderEvent } from './wire/reader.ts';
import { replyOf, type ResponseCode } from './wire/writer.ts';

export type ManageSieveServices = {
  readonly config: Config;
  readonly operations: Operations;
  readonly scripts: SieveScripts;
  /** The user's rules changed: deliveries of this worker read them anew. */
  readonly changed: (account: Account) => void;
};

export class ManageSieveSession {
  readonly connection: Connection;
  readonly services: ManageSieveServices;
  readonly io: SocketIo;
  readonly reader: ManageSieveReader;
  #log: Logger;
  #account: Account | undefined;
  #authFailures = 0;
  #errors = 0;
  #closing = false;
  #onLogIn: (account: Account | undefined) => void = () => {};

  constructor(connection: Connection, services: ManageSieveServices, log: Logger, io: SocketIo, reader: ManageSieveReader) {
    this.connection = connection;
    this.services = services;
    this.#log = log;
    this.io = io;
    this.reader = reader;
  }

  get log(): Logger {
    return this.#log;
  }

  get account(): Account | undefined {
    return this.#account;
  }

  /** Throws before sign-in: the dispatcher let nobody in. */
  get user(): string {
    if (this.#account === undefined) throw new Error('nobody is signed in');
    return this.#account.user;
  }

  get closing(): boolean {
    return this.#closing;
  }

  close(): void {
    this.#closing = true;
  }

  get errors(): number {
    return this.#errors;
  }

  ok(text = '', code?: string): void {
    this.io.write(replyOf('OK', text, code));
  }

  no(text: string, code?: ResponseCode): void {
    this.#errors += 1;
    this.io.write(replyOf('NO', text, code));
  }

  /** Ends the connection with these words. */
  bye(text: string, code?: ResponseCode): void {
    this.io.write(replyOf('BYE', text, code));
    this.close();
  }

  /** Undefined = the client is gone. Replies collected so far leave first. */
  async next(): Promise<ReaderEvent | undefined> {
    for (;;) {
      const event = this.reader.next();
      if (event !== undefined) return event;
      await this.io.flush();
      const bytes = await this.io.read();
      if (bytes === undefined) return undefined;
      this.reader.push(bytes);
    }
  }

  onLogIn(listener: (account: Account | undefined) => void): void {
    this.#onLogIn = listener;
  }

  signedIn(account: Account): void {
    this.#account = account;
    this.#log = this.#log.with({ user: account.user });
    this.#onLogIn(account);
  }

  signedOut(): void {
    this.#account = undefined;
    this.#onLogIn(undefined);
  }

  /** Counts a wrong password; true when there were too many. */
  authFailed(): boolean {
    this.#authFailures += 1;
    return this.#authFailures >= this.services.config.auth.maxFailuresPerConnection;
  }

  /** RFC 5804 §2.2: what was said in the clear is forgotten. */
  async startTls(): Promise<void> {
    await this.io.flush();
    this.reader.reset();
    this.io.detachForUpgrade();
    await this.connection.startTls();
    this.io.resumeOn(this.connection.socket);
  }
}
