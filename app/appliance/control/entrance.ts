/**
 * One port for HTTP and HTTPS: the first byte of a connection tells which it is (RFC 8446 §5.1: a handshake record begins with 22). So there is one
 * address to remember, and whoever types it without https:// on another computer is sent to it instead of to a dead end.
 */
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';

const handshakeRecord = 22;
const firstByteMs = 10_000;
const maxConnections = 500;

export interface Credentials {
  /** The chain, leaf first, as PEM. */
  readonly cert: string;
  readonly key: string;
}

export class Entrance {
  readonly #http: HttpServer;
  readonly #listener: RequestListener;
  readonly #doors: NetServer[] = [];
  readonly #open = new Set<Socket>();
  #https: HttpsServer | undefined;

  constructor(listener: RequestListener) {
    this.#listener = listener;
    this.#http = bounded(createHttpServer(listener));
  }

  /** The certificate for HTTPS; connections that are open keep the former one. Until the first one HTTPS is refused. */
  useCertificate({ cert, key }: Credentials): void {
    if (this.#https === undefined) {
      this.#https = bounded(createHttpsServer({ cert, key, minVersion: 'TLSv1.2' }, this.#listener));
      // A client that does not trust the certificate breaks the handshake off: its business.
      this.#https.on('tlsClientError', (_, socket) => socket.destroy());
    } else {
      this.#https.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
    }
  }

  /** Resolves with the port when it listens on all of these addresses (none: on every one). Rejects with the system's error. */
  async listen(port: number, hosts: readonly (string | undefined)[]): Promise<number> {
    let actual = port;
    for (const host of hosts) {
      const door = createNetServer((socket) => this.#decide(socket));
      await new Promise<void>((resolve, reject) => {
        door.once('error', reject);
        door.listen({ port: actual, ...(host === undefined ? {} : { host }) }, () => {
          door.off('error', reject);
          resolve();
        });
      });
      this.#doors.push(door);
      actual = (door.address() as AddressInfo).port;
    }
    return actual;
  }

  /** Listens on other addresses instead; what is connected stays. Rejects with the system's error, and listens nowhere then. */
  async move(port: number, hosts: readonly (string | undefined)[]): Promise<void> {
    // Its end, which would wait for the connections, is not waited for.
    void this.#shut();
    await this.listen(port, hosts);
  }

  /** @param graceMs for answers that are on their way */
  async close(graceMs: number): Promise<void> {
    const servers = [this.#http, ...(this.#https === undefined ? [] : [this.#https])];
    for (const server of servers) {
      server.closeIdleConnections();
      // Ends its watch over slow requests; that it never listened by itself is what its callback would say.
      server.close(() => {});
    }
    const timer = setTimeout(() => {
      for (const socket of this.#open) socket.destroy();
    }, graceMs);
    await this.#shut();
    clearTimeout(timer);
  }

  /** Takes no more connections at once; resolves when those that came by these doors have ended, too. */
  async #shut(): Promise<void> {
    await Promise.all(this.#doors.splice(0).map((door) => new Promise<void>((resolve) => door.close(() => resolve()))));
  }

  #decide(socket: Socket): void {
    if (this.#open.size >= maxConnections) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => this.#open.delete(socket));
    const onTrouble = (): void => void socket.destroy();
    socket.on('error', onTrouble);
    socket.setTimeout(firstByteMs, onTrouble);
    socket.once('data', (first: Buffer) => {
      const server = first[0] === handshakeRecord ? this.#https : this.#http;
      if (server === undefined) return onTrouble();
      socket.pause();
      socket.setTimeout(0);
      socket.off('timeout', onTrouble);
      socket.off('error', onTrouble);
      // Before the server has the socket, so that it finds the bytes waiting.
      socket.unshift(first);
      server.emit('connection', socket);
      // TLS reads what waits by itself; a socket that flows by then would lose it.
      if (server === this.#http) socket.resume();
    });
  }
}

function bounded<S extends HttpServer | HttpsServer>(server: S): S {
  // A service may take a minute to stop before it is answered; idle connections need not live long.
  server.requestTimeout = 60_000;
  server.headersTimeout = 10_000;
  // It watches over slow requests from the moment it listens, which it never does by itself.
  server.emit('listening');
  return server;
}
