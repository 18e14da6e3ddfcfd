/**
 * One accepted client connection: its socket (which a STARTTLS upgrade replaces), its identity for logs and limits, and the ways it ends.
 * The listener owns the tracking; a protocol session owns the bytes. The socket always has an error handler, so a reset never ends the process:
 * sessions watch `close`.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { TlsProvider } from './tls-contexts.ts';

/** What is known about an encrypted connection, for logs, Received fields and policies. */
export type TlsDetails = { readonly protocol: string; readonly cipher: string; readonly serverName: string | undefined };

export type ConnectionOptions = {
  readonly id: string;
  readonly service: string;
  readonly socket: Socket;
  readonly tls: TlsProvider | undefined;
  readonly handshakeTimeoutMs: number;
};

export class Connection {
  /** Unique over all workers and their lives, short enough for log lines. */
  readonly id: string;
  readonly service: string;
  /** IPv4 in dotted form also when it came over a dual-stack socket. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly openedAtMs: number = Date.now();
  readonly #tls: TlsProvider | undefined;
  readonly #handshakeTimeoutMs: number;
  #socket: Socket;
  #onDrain: (() => void) | undefined;
  #draining = false;

  constructor(options: ConnectionOptions) {
    this.id = options.id;
    this.service = options.service;
    this.remoteAddress = normalizeAddress(options.socket.remoteAddress ?? '');
    this.remotePort = options.socket.remotePort ?? 0;
    this.localAddress = normalizeAddress(options.socket.localAddress ?? '');
    this.localPort = options.socket.localPort ?? 0;
    this.#tls = options.tls;
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs;
    this.#socket = options.socket;
  }

  /** The socket to read and write now. After `startTls` it is another one: take your listeners off before and put them on after. */
  get socket(): Socket {
    return this.#socket;
  }

  get secure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Whether STARTTLS can be offered now. */
  get canStartTls(): boolean {
    return !this.secure && this.#tls?.available() === true;
  }

  get tlsDetails(): TlsDetails | undefined {
    const socket = this.#socket;
    if (!(socket instanceof TLSSocket)) return undefined;
    const serverName: unknown = (socket as { servername?: unknown }).servername;
    return {
      protocol: socket.getProtocol() ?? 'unknown',
      cipher: socket.getCipher().standardName ?? socket.getCipher().name,
      serverName: typeof serverName === 'string' && serverName !== '' ? serverName : undefined,
    };
  }

  /** Channel bindings for SASL (RFC 9266); empty without TLS 1.3, where alone `tls-exporter` is safe whatever the handshake was. */
  get channelBindings(): ReadonlyMap<string, Buffer> {
    const socket = this.#socket;
    if (!(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3') return new Map();
    return new Map([['tls-exporter', socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))]]);
  }

  /**
   * Takes the connection to TLS as the server. The caller has written its "go ahead", has removed its `data` listener, and has thrown away every byte
   * it received after the command (RFC 3207 §4.2, RFC 9051 §6.2.1: nothing sent in the clear may be taken for protected). Bytes still unread in the
   * socket go into the handshake, where injected commands fail. Rejects, with the connection destroyed, when the handshake fails or takes too long.
   */
  async startTls(): Promise<void> {
    const provider = this.#tls;
    if (provider === undefined || !provider.available()) throw new Error('TLS is not configured');
    const plain = this.#socket;
    plain.pause();
    const fallback = await provider.contextFor(undefined);
    const secure = new TLSSocket(plain, {
      isServer: true,
      secureContext: fallback,
      SNICallback: (serverName, answer) => {
        void (async () => provider.contextFor(serverName))().then(
          (context) => answer(null, context),
          (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
        );
      },
    });
    this.#socket = secure;
    await new Promise<void>((resolve, reject) => {
      let reason: Error | undefined;
      const timer = setTimeout(() => {
        reason = new Error('TLS handshake took too long');
        secure.destroy();
      }, this.#handshakeTimeoutMs);
      secure.on('error', (error) => {
        reason ??= error;
      });
      // Errors before the handshake's end come by this event only.
      secure.on('_tlsError', (error: Error) => {
        reason ??= error;
        secure.destroy();
      });
      secure.once('close', () => {
        clearTimeout(timer);
        plain.destroy();
        reject(reason ?? new Error('connection closed during the TLS handshake'));
      });
      secure.once('secure', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /**
   * Registers what to do when the server stops: say goodbye (BYE, 421), finish or abandon the command in work, and end the socket soon. Called at once
   * when the stop has already begun. One listener: the last one counts.
   */
  onDrain(listener: () => void): void {
    this.#onDrain = listener;
    if (this.#draining) listener();
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** For the listener. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#onDrain?.();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** `::ffff:192.0.2.1` is 192.0.2.1 that came by a dual-stack socket. */
export function normalizeAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
