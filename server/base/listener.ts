/**
 * The accept loop that all line protocols share: listens on one service's address, gives each connection an id, enforces the limits (with the protocol's
 * own words), does implicit TLS, tracks what is open, and drains at the end.
 *
 * Invariants: every accepted socket is tracked until it closes; a handler sees a connection only after its implicit TLS handshake; `close` resolves only
 * when no connection is left.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Connection, normalizeAddress } from './connection.ts';
import { type BusyReason, ConnectionPlaces, type ListenerLimits } from './connection-places.ts';
import type { Logger } from './log.ts';
import type { TlsProvider } from './tls-contexts.ts';

/** A protocol's part: what it does with a connection, and what it says to one that is refused. */
export type ConnectionHandler = {
  /** Takes over the connection: attaches its listeners, greets. Must not throw; must end the socket at last. */
  readonly accept: (connection: Connection) => void;
  /** The whole line, line end included, for a connection over the limit (`* BYE …`, `421 4.7.0 …`, `-ERR …`). */
  readonly busyLine: (reason: BusyReason) => string;
};

export type ListenerOptions = {
  readonly service: string;
  /** An address, `any` for all addresses of both families, or `localhost` for both loopback addresses. */
  readonly host: string;
  /** 0 = any free port, the same one for both families. */
  readonly port: number;
  /** `starttls` needs a provider only when a client asks. */
  readonly tls: 'none' | 'starttls' | 'implicit';
  readonly tlsProvider?: TlsProvider | undefined;
  readonly limits: ListenerLimits;
  /** Several workers on one port, balanced by the kernel; ignored where the platform lacks it or with port 0. */
  readonly reusePort?: boolean;
  /** Keep the socket writable after the client's FIN, so that pipelined commands still get their replies. The handler must then end it by itself. */
  readonly allowHalfOpen?: boolean;
  readonly handshakeTimeoutMs?: number;
  readonly log: Logger;
  readonly handler: ConnectionHandler;
};

/** The address could not be taken; `code` is the system's (EADDRINUSE, EACCES, EADDRNOTAVAIL…). */
export class ListenFault extends Error {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly code: string;

  constructor(service: string, host: string, port: number, code: string, cause: unknown) {
    super(`${service} can't listen on ${host} port ${port}: ${listenReason(code)}`, { cause });
    this.name = 'ListenFault';
    this.service = service;
    this.host = host;
    this.port = port;
    this.code = code;
  }
}

export type Listener = {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'starttls' | 'implicit';
  readonly connections: () => number;
  /** Connections accepted and refused since the start. */
  readonly totals: () => { readonly accepted: number; readonly refused: number };
  /** Stops accepting, tells every session, waits up to `graceMs`, then destroys what is left. */
  readonly close: (graceMs: number) => Promise<void>;
};

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_DELAY_MS = 120_000;
/** Tries to find one port that is free in both families, when any will do. */
const PORT_PAIR_TRIES = 20;
const REUSE_PORT_PLATFORMS: ReadonlySet<string> = new Set(['linux', 'freebsd', 'sunos', 'aix']);

export async function listen(options: ListenerOptions): Promise<Listener> {
  const state = new Acceptor(options);
  const servers = await bindAll(options, (socket) => state.accept(socket));
  const [first] = servers;
  if (first === undefined) throw new Error('nothing to listen on');
  const { port } = first.address() as AddressInfo;
  for (const server of servers) {
    server.on('error', (error) => options.log.error('accepting failed', { service: options.service, error }));
  }
  return {
    service: options.service,
    host: options.host,
    port,
    tls: options.tls,
    connections: () => state.size,
    totals: () => ({ accepted: state.accepted, refused: state.refused }),
    close: async (graceMs) => {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      await state.drain(graceMs);
      await Promise.all(closed);
    },
  };
}

class Acceptor {
  readonly #options: ListenerOptions;
  readonly #open = new Set<Connection>();
  readonly #places: ConnectionPlaces;
  readonly #idPrefix = randomBytes(3).toString('hex');
  #lastId = 0;
  #draining = false;
  #whenEmpty: (() => void) | undefined;
  accepted = 0;
  refused = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#places = new ConnectionPlaces(options.limits);
  }

  get size(): number {
    return this.#open.size;
  }

  accept(socket: Socket): void {
    socket.on('error', (error) => this.#options.log.debug('socket error', { service: this.#options.service, error }));
    const address = socket.remoteAddress;
    // The client may be gone before we look.
    if (address === undefined || this.#draining) {
      socket.destroy();
      return;
    }
    const from = normalizeAddress(address);
    const busy = this.#places.take(from);
    if (busy !== undefined) {
      this.#refuse(socket, busy);
      return;
    }
    this.accepted += 1;
    this.#lastId += 1;
    const connection = new Connection({
      id: `${this.#idPrefix}-${this.#lastId.toString(36)}`,
      service: this.#options.service,
      socket,
      tls: this.#options.tls === 'none' ? undefined : this.#options.tlsProvider,
      handshakeTimeoutMs: this.#options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
    });
    this.#open.add(connection);
    socket.once('close', () => this.#forget(connection, from));
    if (this.#options.tls !== 'implicit') {
      this.#options.handler.accept(connection);
      return;
    }
    connection.startTls().then(
      () => this.#options.handler.accept(connection),
      (error: unknown) =>
        this.#options.log.info('TLS handshake failed', {
          service: this.#options.service,
          connection: connection.id,
          ip: connection.remoteAddress,
          reason: error instanceof Error ? error.message : String(error),
        }),
    );
  }

  /** Resolves when no connection is left. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    if (this.#open.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    for (const connection of this.#open) connection.drain();
    const timer = setTimeout(() => {
      for (const connection of this.#open) connection.destroy();
    }, graceMs);
    await empty;
    clearTimeout(timer);
  }

  #refuse(socket: Socket, reason: BusyReason): void {
    this.refused += 1;
    this.#options.log.warn('connection refused', { service: this.#options.service, ip: socket.remoteAddress, reason });
    // In the clear only: a handshake costs more than a refusal is worth.
    if (this.#options.tls === 'implicit') {
      socket.destroy();
      return;
    }
    socket.end(this.#options.handler.busyLine(reason));
    socket.resume();
    socket.setTimeout(2_000, () => socket.destroy());
  }

  #forget(connection: Connection, from: string): void {
    this.#open.delete(connection);
    this.#places.release(from);
    if (this.#open.size === 0) this.#whenEmpty?.();
  }
}

function listenReason(code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another program uses that port';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not use that port';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address';
    case 'ENOTFOUND':
      return 'there is no such address';
    default:
      return code;
  }
}

type Bind = {
  readonly host: string;
  readonly ipv6Only: boolean /** A family that the machine may lack. */;
  readonly optional: boolean;
};

/** Both families are bound apart, so that it does not depend on the platform's idea of dual-stack sockets. */
function bindsFor(host: string): readonly Bind[] {
  const ipv6 = (address: string): Bind => ({ host: address, ipv6Only: true, optional: true });
  const ipv4 = (address: string): Bind => ({ host: address, ipv6Only: false, optional: false });
  if (host === 'any' || host === '*' || host === '') return [ipv4('0.0.0.0'), ipv6('::')];
  if (host === 'localhost') return [ipv4('127.0.0.1'), ipv6('::1')];
  return [{ host, ipv6Only: host.includes(':'), optional: false }];
}

async function bindAll(options: ListenerOptions, onSocket: (socket: Socket) => void): Promise<readonly Server[]> {
  for (let attempt = 1; ; attempt += 1) {
    const servers: Server[] = [];
    let port = options.port;
    try {
      for (const bind of bindsFor(options.host)) {
        const server = await bindOne(options, bind, port, onSocket);
        if (server === undefined) continue;
        servers.push(server);
        port = (server.address() as AddressInfo).port;
      }
      return servers;
    } catch (error) {
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
      const pairTaken = options.port === 0 && servers.length > 0 && attempt < PORT_PAIR_TRIES;
      if (!pairTaken) throw error;
    }
  }
}

/** Undefined when the family does not exist here. */
async function bindOne(
  options: ListenerOptions,
  bind: Bind,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<Server | undefined> {
  const server = createServer(
    {
      allowHalfOpen: options.allowHalfOpen ?? false,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    },
    onSocket,
  );
  // With port 0 the kernel may hand out a port that another reusing process already serves.
  const reusePort = options.reusePort === true && options.port !== 0 && REUSE_PORT_PLATFORMS.has(process.platform);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'UNKNOWN';
      if (bind.optional && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) resolve(undefined);
      else reject(new ListenFault(options.service, bind.host, port, code, error));
    });
    server.listen({ host: bind.host, port, ipv6Only: bind.ipv6Only, ...(reusePort ? { reusePort } : {}) }, () => {
      server.removeAllListeners('error');
      resolve(server);
    });
  });
}
