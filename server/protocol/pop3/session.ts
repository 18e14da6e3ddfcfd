/**
 * One POP3 connection (RFC 1939): AUTHORIZATION until a login opens the maildrop, TRANSACTION until QUIT, UPDATE inside QUIT. The functions here are the
 * only ones that change that state.
 */
import type { Connection } from '../../base/connection.ts';
import type { Logger } from '../../base/log.ts';
import type { SocketIo } from '../../base/socket-io.ts';
import type { Config } from '../../config/schema.ts';
import type { Operations } from '../../operations/contract.ts';
import type { Account } from '../../operations/contract-accounts.ts';
import type { UserLimitReader } from '../../operations/user-limits.ts';
import type { Usage } from '../../store/types-usage.ts';
import type { Allowance } from './allowance.ts';
import type { Maildrop } from './maildrop.ts';
import { DotStuffer } from './wire/dot-stuffing.ts';
import type { LineEvent, LineReader } from './wire/line-reader.ts';

export type Pop3Services = {
  readonly config: Config;
  readonly operations: Operations;
  /** A user's own limits, where there are any. */
  readonly limitsOf?: UserLimitReader['of'];
  /** Counts what is fetched; without it there is no limit. */
  readonly usage?: Usage;
};

export type Pop3State = 'authorization' | 'transaction';

/** Extended response codes (RFC 2449 §8.1.1, RFC 3206, RFC 6856 §5). */
export type ResponseCode = 'AUTH' | 'SYS/TEMP' | 'SYS/PERM' | 'IN-USE' | 'LOGIN-DELAY' | 'UTF8';

export class Pop3Session {
  readonly connection: Connection;
  readonly services: Pop3Services;
  readonly io: SocketIo;
  readonly reader: LineReader;
  #log: Logger;
  #maildrop: Maildrop | undefined;
  #allowance: Allowance | undefined;
  #userName: string | undefined;
  #utf8 = false;
  #authFailures = 0;
  #errors = 0;
  #closing = false;
  #onLogIn: (account: Account) => void = () => {};

  constructor(connection: Connection, services: Pop3Services, log: Logger, io: SocketIo, reader: LineReader) {
    this.connection = connection;
    this.services = services;
    this.#log = log;
    this.io = io;
    this.reader = reader;
  }

  get log(): Logger {
    return this.#log;
  }

  get state(): Pop3State {
    return this.#maildrop === undefined ? 'authorization' : 'transaction';
  }

  /** Throws outside TRANSACTION: the dispatcher let nobody in. */
  get maildrop(): Maildrop {
    if (this.#maildrop === undefined) throw new Error('no maildrop before login');
    return this.#maildrop;
  }

  /** The name that USER gave, for the PASS that follows. */
  get userName(): string | undefined {
    return this.#userName;
  }

  set userName(value: string | undefined) {
    this.#userName = value;
  }

  get utf8(): boolean {
    return this.#utf8;
  }

  enableUtf8(): void {
    this.#utf8 = true;
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

  ok(text = ''): void {
    this.io.write(text === '' ? '+OK\r\n' : `+OK ${text}\r\n`);
  }

  err(text: string, code?: ResponseCode): void {
    this.#errors += 1;
    this.io.write(`-ERR ${code === undefined ? '' : `[${code}] `}${text}\r\n`);
  }

  /** A multi-line reply of short lines that need no stuffing. */
  async lines(first: string, lines: Iterable<string>): Promise<void> {
    this.ok(first);
    for (const line of lines) {
      this.io.write(`${line}\r\n`);
      if (this.io.wantsFlush) await this.io.flush();
    }
    this.io.write('.\r\n');
  }

  /** A multi-line reply of message bytes. The first line is sent when the first piece is there: until then a fault is still a clean `-ERR`. */
  async message(first: string, pieces: AsyncIterable<Buffer>): Promise<void> {
    const stuffer = new DotStuffer();
    let begun = false;
    try {
      for await (const piece of pieces) {
        if (!begun) this.ok(first);
        begun = true;
        for (const part of stuffer.push(piece)) this.io.write(part);
        if (this.io.wantsFlush) await this.io.flush();
        if (this.io.closed) return;
      }
    } catch (error) {
      // In the middle nothing but the end of the connection tells the client that this is not the whole message.
      if (begun) this.connection.destroy();
      throw error;
    }
    if (!begun) this.ok(first);
    this.io.write(stuffer.end());
  }

  /** The next line; undefined = the client is gone. Replies collected so far leave first. */
  async nextLine(): Promise<LineEvent | undefined> {
    for (;;) {
      const event = this.reader.next();
      if (event !== undefined) return event;
      await this.io.flush();
      const bytes = await this.io.read();
      if (bytes === undefined) return undefined;
      this.reader.push(bytes);
    }
  }

  onLogIn(listener: (account: Account) => void): void {
    this.#onLogIn = listener;
  }

  /** Undefined = no limit. */
  get allowance(): Allowance | undefined {
    return this.#allowance;
  }

  loggedIn(account: Account, maildrop: Maildrop, allowance: Allowance | undefined): void {
    this.#allowance = allowance;
    this.#maildrop = maildrop;
    this.#onLogIn(account);
    this.#log = this.#log.with({ user: maildrop.user });
  }

  /** Counts a wrong password; true when there were too many. */
  authFailed(): boolean {
    this.#authFailures += 1;
    return this.#authFailures >= this.services.config.auth.maxFailuresPerConnection;
  }

  /** RFC 2595 §4: what was said in the clear is forgotten. */
  async startTls(): Promise<void> {
    await this.io.flush();
    this.reader.reset();
    this.io.detachForUpgrade();
    this.#userName = undefined;
    await this.connection.startTls();
    this.io.resumeOn(this.connection.socket);
  }
}
