/**
 * The HTTP API as a service of the worker: on the shared accept loop, with its limits and its drain. The framework and the endpoints are loaded by the first
 * request, so that a worker nobody asks stays small.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Connection } from '../base/connection.ts';
import type { BusyReason } from '../base/connection-places.ts';
import type { ConnectionHandler } from '../base/listener.ts';
import type { ApiContext } from './context.ts';
import { DRAIN_EVENT } from './drain.ts';

/** A connection on which nothing moves is closed after this (ms); event streams say something more often. */
const IDLE_MS = 120_000;
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MS = 30_000;
/** Paths of mailboxes come in queries. */
const MAX_HEADER_BYTES = 80 * 1024;

/** Takes connections of the listener. */
export function createApiHandler(context: ApiContext): ConnectionHandler {
  const busy = new WeakMap<Socket, number>();
  const draining = new WeakSet<Socket>();
  let app: Promise<FastifyInstance> | undefined;

  const load = (): Promise<FastifyInstance> => {
    app ??= import('./app.ts').then(({ createApp }) => createApp(context));
    return app;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket } = request;
    busy.set(socket, (busy.get(socket) ?? 0) + 1);
    if (draining.has(socket)) response.setHeader('connection', 'close');
    response.once('close', () => {
      const left = (busy.get(socket) ?? 1) - 1;
      busy.set(socket, left);
      if (left === 0 && draining.has(socket)) socket.end();
    });
    try {
      const { routing } = await load();
      routing(request, response);
    } catch (error) {
      // The next request tries again.
      app = undefined;
      context.log.error('the API could not be loaded', { error });
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'Something went wrong here. It has been logged.', code: 'InternalError' }));
    }
  };

  const server: Server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, keepAlive: true },
    (request, response) => void serve(request, response),
  );
  server.timeout = IDLE_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_MS;

  return {
    accept: (connection: Connection): void => {
      const { socket } = connection;
      server.emit('connection', socket);
      connection.onDrain(() => {
        draining.add(socket);
        socket.emit(DRAIN_EVENT);
        if ((busy.get(socket) ?? 0) === 0) socket.end();
      });
    },
    busyLine,
  };
}

function busyLine(reason: BusyReason): string {
  const body = JSON.stringify({ error: `Refused: ${reason}`, code: 'TooMany' });
  return `HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
