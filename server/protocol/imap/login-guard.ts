/** What a connection may do before it is logged in, and whose connection it is then: commands and wrong passwords are counted, a user's sessions are limited. */
import type { UserId } from '../../mail/ids.ts';
import type { ImapConnection } from './connection.ts';
import type { ImapServer } from './server.ts';

export class LoginGuard {
  readonly #server: ImapServer;
  readonly #connection: ImapConnection;
  #commands = 0;
  #failures = 0;
  #user: UserId | undefined;

  constructor(server: ImapServer, connection: ImapConnection) {
    this.#server = server;
    this.#connection = connection;
  }

  /** False when this command before login is one too many. */
  countCommand(): boolean {
    this.#commands += 1;
    return this.#commands <= this.#server.settings.maxCommandsBeforeLogin;
  }

  /** Delays the answer to a wrong password; true when it was one too many. */
  async failed(): Promise<boolean> {
    this.#failures += 1;
    const { failureDelayMs, maxFailuresPerConnection } = this.#server.settings;
    await new Promise<void>((resolve) => setTimeout(resolve, failureDelayMs).unref());
    return this.#failures >= maxFailuresPerConnection;
  }

  /** False: the user has too many sessions. */
  async claim(user: UserId): Promise<boolean> {
    if (!(await this.#server.claimUser(user, this.#connection))) return false;
    // The client may have gone while this was looked up: nobody would release it.
    if (this.#connection.session.state === 'logout') {
      this.#server.releaseUser(user, this.#connection);
      return false;
    }
    this.#user = user;
    this.#commands = 0;
    return true;
  }

  release(): void {
    if (this.#user !== undefined) this.#server.releaseUser(this.#user, this.#connection);
    this.#user = undefined;
  }
}
