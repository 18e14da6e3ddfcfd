/**
 * Lets pages of chosen origins call from a browser (the Fetch standard's CORS protocol). By a token only: cookies are never asked for, and without a token a page is a stranger
 * like any other (`access.ts`).
 */
import type { FastifyInstance } from 'fastify';

const METHODS = 'GET, POST, PUT, DELETE';
const HEADERS = 'X-Access-Token, Authorization, Content-Type, Last-Event-ID';
/** How long a browser remembers the answer (s). */
const MAX_AGE = 600;

export function addCors(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const known = new Set(origins.map((origin) => (origin === '*' ? origin : new URL(origin).origin)));
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined || !(known.has('*') || known.has(origin))) return;
    reply.header('access-control-allow-origin', known.has('*') ? '*' : origin).header('vary', 'Origin');
    reply.raw.setHeader('access-control-allow-origin', known.has('*') ? '*' : origin);
  });
  app.options('*', async (request, reply) => {
    if (request.headers['access-control-request-method'] === undefined) return reply.code(404).send();
    return reply
      .code(204)
      .header('access-control-allow-methods', METHODS)
      .header('access-control-allow-headers', HEADERS)
      .header('access-control-max-age', String(MAX_AGE))
      .send();
  });
}
