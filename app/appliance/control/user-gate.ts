/**
 * `/me`: people at their own account. A password is checked by the worker, as any sign-in is, with its growing delays and its log of sign-ins; the token that it gives
 * stays here. With a second factor the token is good for showing that alone, and the worker makes it a full one. What the token may do, the worker decides: this
 * gate adds no right to it, and tells the worker the person's true address.
 */
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { z } from 'zod';
import {
  userApiPath,
  type UserServer,
  userServerPath,
  userSessionPath,
  type UserSignedIn,
  userSignInSchema,
} from './contract-user.ts';
import { ControlFault } from './fault.ts';
import { proxyToWorker } from './proxy.ts';
import type { WorkerApi } from './subject.ts';
import { UserSessions } from './user-sessions.ts';

export interface UserGateOptions {
  readonly sessionsFile: string;
  /** Undefined while no worker is ready. */
  readonly workerApi: () => WorkerApi | undefined;
  readonly server: () => UserServer;
}

/** Nothing that is handed over is a page of this origin: opened by itself it has no rights here. */
const handedOverPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'";
const workerTimeoutMs = 60_000;
const maxAnswerBytes = 1024 * 1024;
const authenticated = z.looseObject({
  token: z.string(),
  require2fa: z.union([z.array(z.string()), z.literal(false)]),
  requirePasswordChange: z.boolean(),
});
const refused = z.looseObject({ error: z.string().optional(), code: z.string().optional() });

/** Answers with a body and a status, in the control API's form. */
export type Reply = (status: number, body: unknown) => void;

export class UserGate {
  readonly #sessions: UserSessions;
  readonly #workerApi: () => WorkerApi | undefined;
  readonly #server: () => UserServer;

  constructor(options: UserGateOptions) {
    this.#sessions = new UserSessions({ file: options.sessionsFile });
    this.#workerApi = options.workerApi;
    this.#server = options.server;
  }

  usePort(port: number): void {
    this.#sessions.usePort(port);
  }

  /** Whether a path is this gate's; the pages below /me are not. */
  static owns(pathname: string): boolean {
    return (
      [userSessionPath, userServerPath].includes(pathname) || pathname === userApiPath || pathname.startsWith(`${userApiPath}/`)
    );
  }

  /**
   * @param readBody gives the request's JSON
   * @throws ControlFault
   */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    readBody: () => Promise<unknown>,
    reply: Reply,
  ): Promise<void> {
    if (url.pathname === userServerPath) {
      if (request.method !== 'GET') throw new ControlFault(405, 'MethodNotAllowed', 'This path takes GET.', 'GET');
      this.#expectToken(request);
      return reply(200, this.#server());
    }
    if (url.pathname !== userSessionPath) return this.#forward(request, response, url);
    const isSecure = (request.socket as TLSSocket).encrypted === true;
    if (request.method === 'POST') {
      const parsed = userSignInSchema.safeParse(await readBody());
      if (!parsed.success) throw new ControlFault(400, 'BadRequest', z.prettifyError(parsed.error));
      const { keep } = parsed.data;
      const { token, ...answer } = await this.#authenticate(parsed.data, remoteAddress(request));
      response.setHeader('set-cookie', this.#sessions.make(token, { keep, secure: isSecure }));
      return reply(200, answer satisfies UserSignedIn);
    }
    if (request.method === 'DELETE') {
      const token = this.#sessions.tokenOf(request.headers.cookie);
      response.setHeader('set-cookie', this.#sessions.end(request.headers.cookie, isSecure));
      // The token is no use to anybody any more; a worker that does not answer lets it expire.
      if (token !== undefined) await this.#askWorker('DELETE', '/authenticate', token).catch(() => undefined);
      request.resume();
      return reply(200, { done: true });
    }
    throw new ControlFault(405, 'MethodNotAllowed', 'This path takes POST, DELETE.', 'POST, DELETE');
  }

  #expectToken(request: IncomingMessage): string {
    const token = this.#sessions.tokenOf(request.headers.cookie);
    if (token === undefined) throw new ControlFault(401, 'Unauthorized', 'Sign in with your address and password.');
    return token;
  }

  async #forward(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const token = this.#expectToken(request);
    const api = this.#workerApi();
    const query = new URLSearchParams(url.searchParams);
    for (const name of ['accessToken', 'sess']) query.delete(name);
    query.set('ip', remoteAddress(request));
    const rest = url.pathname.slice(userApiPath.length);
    await proxyToWorker(
      request,
      response,
      `${rest === '' ? '/' : rest}?${query.toString()}`,
      api === undefined ? undefined : { ...api, token },
      { policy: rest.endsWith('/message.html') ? 'worker' : handedOverPolicy },
    );
  }

  async #authenticate(
    { username, password }: { username: string; password: string },
    ip: string,
  ): Promise<UserSignedIn & { token: string }> {
    const api = this.#workerApi();
    if (api === undefined) throw new ControlFault(503, 'Unavailable', 'No worker is ready to answer.');
    const { status, body } = await this.#askWorker('POST', '/authenticate', api.token, {
      username,
      password,
      ip,
      protocol: 'Webmail',
      token: true,
    });
    const answer = authenticated.safeParse(body);
    if (status === 200 && answer.success) {
      const { token, require2fa, requirePasswordChange } = answer.data;
      return { token, needs: require2fa === false ? [] : require2fa, requirePasswordChange };
    }
    const { code, error } = refused.safeParse(body).data ?? {};
    if (code === 'RateLimitedError' || status === 429)
      throw new ControlFault(429, 'TooMany', error ?? 'Too many failed sign-ins. Try again later.');
    if (status >= 500) throw new ControlFault(502, 'Unavailable', 'The worker could not check the password.');
    throw new ControlFault(403, 'SignInRefused', error ?? 'Authentication failed');
  }

  #askWorker(method: string, path: string, token: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const api = this.#workerApi();
    if (api === undefined) return Promise.reject(new ControlFault(503, 'Unavailable', 'No worker is ready to answer.'));
    return new Promise((resolve, reject) => {
      const headers = { 'x-access-token': token, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
      const outgoing = httpRequest(
        { host: api.host, port: api.port, method, path, headers, agent: false, timeout: workerTimeoutMs },
        (answer) => {
          const pieces: Buffer[] = [];
          let size = 0;
          answer.on('data', (piece: Buffer) => {
            size += piece.length;
            if (size > maxAnswerBytes) outgoing.destroy(new Error('the answer is too long'));
            else pieces.push(piece);
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 502, body: tryJson(Buffer.concat(pieces).toString()) }));
          answer.on('error', () => reject(new ControlFault(502, 'Unavailable', 'The worker did not answer.')));
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
      outgoing.on('error', () => reject(new ControlFault(502, 'Unavailable', 'The worker did not answer.')));
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Looked at by a schema, which refuses it.
    return undefined;
  }
}

/** Without the prefix that IPv4 has on a socket for both families. */
function remoteAddress(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}
