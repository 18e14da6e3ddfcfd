/**
 * Answers the authority while it asks: HTTP on port 80 (RFC 8555 §8.3), or TLS on port 443 with the certificate that it wants to see (RFC 8737). Listens only while something is
 * to be shown.
 */
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { OrderFault } from './authority.ts';

export type ChallengeServer = { readonly close: () => Promise<void> };

const PATH = '/.well-known/acme-challenge/';
const TIMEOUT_MS = 10_000;

/** `find`: what belongs to a token. Throws OrderFault when the port can't be had. */
export async function serveHttp(
  host: string,
  port: number,
  find: (token: string) => Promise<string | undefined>,
): Promise<ChallengeServer> {
  const server = createHttpServer({ headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS }, (request, response) => {
    const answer = async (): Promise<string | undefined> => {
      const token = request.url?.startsWith(PATH) === true ? request.url.slice(PATH.length) : '';
      return /^[\w-]{1,200}$/.test(token) ? find(token) : undefined;
    };
    answer().then(
      (text) => {
        response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'application/octet-stream', connection: 'close' });
        response.end(text ?? '');
      },
      () => {
        response.writeHead(503, { connection: 'close' });
        response.end();
      },
    );
  });
  await listen(server, host, port, 'http-01');
  return closing(server, () => server.closeAllConnections());
}

/** Throws OrderFault when the port can't be had. */
export async function serveTlsAlpn(
  host: string,
  port: number,
  pair: { readonly cert: string; readonly key: string },
): Promise<ChallengeServer> {
  const server = createTlsServer({ ...pair, ALPNProtocols: ['acme-tls/1'], handshakeTimeout: TIMEOUT_MS }, (socket) => {
    socket.on('error', () => {});
    socket.end();
  });
  // Whoever knocks there for something else is nobody's concern.
  server.on('tlsClientError', () => {});
  await listen(server, host, port, 'tls-alpn-01');
  return closing(server, () => {});
}

async function listen(server: Server, host: string, port: number, kind: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(host === 'any' ? {} : { host: host === 'localhost' ? '127.0.0.1' : host }) }, resolve);
    });
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const why =
      code === 'EADDRINUSE' ? 'another program has it' : code === 'EACCES' ? 'this user may not open ports below 1024' : code;
    const way =
      kind === 'http-01'
        ? ` Free it, or set acme.httpPort to 0 and let that web server pass ${PATH} to the API.`
        : ' Free it, or use http-01.';
    throw new OrderFault(`Port ${port}, where the authority asks (${kind}), can’t be opened: ${why}.${way}`, { cause: error });
  }
}

function closing(server: Server, hurry: () => void): ChallengeServer {
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        hurry();
      }),
  };
}
