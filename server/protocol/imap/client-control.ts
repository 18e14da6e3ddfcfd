/** What commands see of their connection: facts about the client and its encryption, and what they may ask for. */
import { type Connection, isLoopback } from '../../base/connection.ts';
import type { Logger } from '../../base/log.ts';
import type { UserId } from '../../mail/ids.ts';
import { saslMechanisms } from '../sasl.ts';
import type { CapabilityFacts, ClientControl } from './command.ts';
import type { LoginGuard } from './login-guard.ts';
import type { Session } from './session.ts';
import type { ImapSettings } from './settings.ts';

/** What only the connection can do. */
export type ConnectionHooks = Pick<ClientControl, 'ask' | 'idle' | 'wake'> & {
  readonly log: Logger;
  readonly compressed: boolean;
  readonly upgrade: (to: 'tls' | 'deflate' | 'plain') => void;
};

export class ImapClientControl implements ClientControl {
  clientName: string | undefined;
  readonly #connection: Connection;
  readonly #settings: ImapSettings;
  readonly #login: LoginGuard;
  readonly #hooks: ConnectionHooks;

  constructor(connection: Connection, settings: ImapSettings, login: LoginGuard, hooks: ConnectionHooks) {
    this.#connection = connection;
    this.#settings = settings;
    this.#login = login;
    this.#hooks = hooks;
  }

  get log(): Logger {
    return this.#hooks.log;
  }

  get id(): string {
    return this.#connection.id;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get secure(): boolean {
    return this.#connection.secure;
  }

  get loopback(): boolean {
    return isLoopback(this.#connection.remoteAddress);
  }

  get canStartTls(): boolean {
    return this.#connection.canStartTls;
  }

  get channelBindings(): ReadonlyMap<string, Buffer> {
    return this.#connection.channelBindings;
  }

  get mechanisms(): readonly string[] {
    return saslMechanisms(this.channelBindings, { login: true });
  }

  get compressed(): boolean {
    return this.#hooks.compressed;
  }

  get passwordAllowed(): boolean {
    const { allowPlaintext } = this.#settings;
    return this.secure || allowPlaintext === 'always' || (allowPlaintext === 'loopback' && this.loopback);
  }

  ask(text: string, maxBytes: number): Promise<Buffer | undefined> {
    return this.#hooks.ask(text, maxBytes);
  }

  idle(): Promise<'done' | 'bad' | 'closed'> {
    return this.#hooks.idle();
  }

  wake(): void {
    this.#hooks.wake();
  }

  startTls(): void {
    this.#hooks.upgrade('tls');
  }

  startCompression(): void {
    this.#hooks.upgrade('deflate');
  }

  endCompression(): void {
    this.#hooks.upgrade('plain');
  }

  failedLogin(): Promise<boolean> {
    return this.#login.failed();
  }

  claimUser(user: UserId): Promise<boolean> {
    return this.#login.claim(user);
  }

  releaseUser(): void {
    this.#login.release();
  }

  capabilityFacts({ state }: Session): CapabilityFacts {
    return {
      state,
      secure: this.secure,
      canStartTls: this.canStartTls,
      passwordAllowed: this.passwordAllowed,
      // Channel bindings cost an export of keys: only who may still log in needs to know.
      mechanisms: state === 'not-authenticated' ? this.mechanisms : [],
      compressed: this.compressed,
      maxMessageBytes: this.#settings.maxMessageBytes,
    };
  }
}
