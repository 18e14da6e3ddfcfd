/**
 * /api/*: the worker's HTTP API under the GUI's own origin. Whoever is signed in here acts with the appliance's access token; the browser never
 * sees that token, and the worker never sees the browser's cookie. Bodies stream in both directions.
 */
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import { ControlFault } from './fault.ts';
import type { WorkerApi } from './subject.ts';

/** RFC 9110 §7.6.1, and what belongs to the other side of the proxy. */
const notForwarded: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'cookie',
  'authorization',
  'x-access-token',
  'origin',
  'referer',
]);
/** The worker decides about content; what protects this origin (CSP and the like) is set here. */
const notReturned: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'set-cookie',
  'content-security-policy',
]);

const idleTimeoutMs = 120_000;

export interface ProxyOptions {
  /** Content-Security-Policy of the answer instead of the origin's; `worker`: the one that the worker sends. */
  readonly policy?: string;
}

/**
 * Forwards one request. Rejects with a ControlFault before anything was answered; afterwards a broken worker breaks the connection.
 * @param path the URL below /api, beginning with a slash
 */
export function proxyToWorker(
  incoming: IncomingMessage,
  response: ServerResponse,
  path: string,
  api: WorkerApi | undefined,
  { policy }: ProxyOptions = {},
): Promise<void> {
  if (api === undefined) throw new ControlFault(503, 'Unavailable', 'No worker is ready to answer.');
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: api.host,
      port: api.port,
      method: incoming.method,
      path,
      headers: { ...forwarded(incoming.headers), 'x-access-token': api.token },
      timeout: idleTimeoutMs,
      agent: false,
    });
    outgoing.on('response', (answer) => {
      const chosen = policy === 'worker' ? answer.headers['content-security-policy'] : policy;
      if (chosen !== undefined) response.setHeader('content-security-policy', chosen);
      response.writeHead(answer.statusCode ?? 502, returned(answer.headers));
      answer.pipe(response);
      // A worker that dies in the middle must not look like a complete answer.
      answer.on('error', () => response.destroy());
      answer.on('end', resolve);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', () => {
      if (response.headersSent) response.destroy();
      reject(new ControlFault(502, 'Unavailable', 'The worker did not answer.'));
    });
    response.on('close', () => {
      outgoing.destroy();
      resolve();
    });
    incoming.pipe(outgoing);
  });
}

function forwarded(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !notForwarded.has(name)));
}

function returned(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !notReturned.has(name)));
}
