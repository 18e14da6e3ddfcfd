/**
 * The HTTP server of the appliance: control API, GUI and the way to the worker's API, on one origin.
 *
 * Plain node:http with a table of routes: the appliance is there all day on small machines, and a framework would be a fifth of its memory.
 * Every request passes the guard first; every answer carries the security headers; a client never sees an exception's text.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Logger } from '../../../server/base/log.ts';
import { AdminAccess } from './admin/access.ts';
import { AdminAccount } from './admin/account.ts';
import { type AnyRoute, eventsQuerySchema, routes } from './contract.ts';
import { type Credentials, Entrance } from './entrance.ts';
import { EventStreams } from './events.ts';
import { ControlFault } from './fault.ts';
import { GuiFiles } from './files.ts';
import { Guard } from './guard.ts';
import { type Call, type Handlers, makeHandlers, type RouteName } from './handlers.ts';
import { clientSetupPath } from './client-setup.ts';
import { proxyToWorker } from './proxy.ts';
import { Sessions } from './sessions.ts';
import { hostName, isLoopback, loopbackNames, type Source, sourceOf } from './source.ts';
import type { ControlSubject } from './subject.ts';
import { UserGate } from './user-gate.ts';

export interface ControlServerOptions {
  readonly token: string;
  readonly sessionsFile: string;
  readonly userSessionsFile: string;
  /** The administrator's account. */
  readonly accountFile: string;
  /** The folder of the built GUI. */
  readonly gui: string;
  readonly log: Logger;
  /** More names and addresses in Host headers that are answered, in small letters. */
  readonly hosts: () => ReadonlySet<string>;
  /** The authority's certificate, for people to install: no secret. */
  readonly authority: () => string | undefined;
}

const maxBodyBytes = 1024 * 1024;

const headers: Readonly<Record<string, string>> = {
  // Styles may be inline: component libraries write them. Scripts never.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #subject: ControlSubject;
  readonly #entrance: Entrance;
  readonly #guard: Guard;
  readonly #users: UserGate;
  readonly #sessions: Sessions;
  readonly #handlers: Handlers;
  readonly #events: EventStreams;
  readonly #files: GuiFiles;
  #url = '';
  #port = 0;

  constructor(subject: ControlSubject, options: ControlServerOptions) {
    this.#options = options;
    this.#subject = subject;
    this.#sessions = new Sessions({ file: options.sessionsFile });
    this.#guard = new Guard({ token: options.token, sessions: this.#sessions, hosts: options.hosts });
    this.#users = new UserGate({
      sessionsFile: options.userSessionsFile,
      workerApi: () => subject.workerApi(),
      server: () => {
        const { endpoints, reachableAs = [] } = subject.status();
        return { endpoints, reachableAs };
      },
    });
    const access = new AdminAccess({
      account: new AdminAccount(options.accountFile),
      sessions: this.#sessions,
      onAct: ({ ok, ...act }) => options.log[ok ? 'info' : 'warn'](ok ? 'administrator' : 'administrator: refused', act),
    });
    this.#handlers = makeHandlers(subject, this.#sessions, access, () => this.#url);
    this.#events = new EventStreams(subject);
    this.#files = new GuiFiles(options.gui);
    this.#entrance = new Entrance((request, response) => void this.#answer(request, response));
  }

  /** What HTTPS presents. Until there is a certificate, other computers are refused. */
  useCertificate(credentials: Credentials): void {
    this.#entrance.useCertificate(credentials);
  }

  /**
   * Resolves with the port when it listens. Rejects with the system's error.
   * @param host undefined: every address. This computer's own is always one of them.
   */
  async listen(port: number, host: string | undefined): Promise<number> {
    const actual = await this.#entrance.listen(port, doorsFor(host));
    this.#port = actual;
    this.#sessions.usePort(actual);
    this.#users.usePort(actual);
    this.#url = `http://127.0.0.1:${actual}`;
    return actual;
  }

  /** Lets others in, or no longer, without a restart. Rejects with the system's error; this computer reaches it in any case. */
  async moveTo(host: string | undefined): Promise<void> {
    try {
      await this.#entrance.move(this.#port, doorsFor(host));
    } catch (error) {
      await this.#entrance.move(this.#port, doorsFor('127.0.0.1'));
      throw error;
    }
  }

  /** How this computer's browser reaches the GUI. */
  get url(): string {
    return this.#url;
  }

  /** A link that signs a browser in, once. */
  signInUrl(): string {
    return `${this.#url}/#signin=${this.#sessions.makeLink()}`;
  }

  async close(): Promise<void> {
    this.#events.close();
    // Whoever asked for the shutdown has been answered by then.
    await this.#entrance.close(500);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    try {
      const setup = clientSetupPath(request);
      if (setup !== undefined) return await proxyToWorker(request, response, setup, this.#subject.workerApi());
      if (this.#sendsToHttps(request, response)) return;
      await this.#dispatch(request, response, this.#guard.checkSource(request));
    } catch (error) {
      this.#refuse(request, response, error);
    }
  }

  async #dispatch(request: IncomingMessage, response: ServerResponse, source: Source): Promise<void> {
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    if (url === null) throw new ControlFault(400, 'BadRequest', 'The path cannot be read.');
    const { pathname } = url;
    if (pathname === '/api' || pathname.startsWith('/api/')) {
      this.#guard.checkAccess(request, source, 'session');
      const path = `${pathname.slice(4) === '' ? '/' : pathname.slice(4)}${withoutToken(url.searchParams)}`;
      return proxyToWorker(request, response, path, this.#subject.workerApi());
    }
    if (UserGate.owns(pathname)) {
      return this.#users.answer(
        request,
        response,
        url,
        () => readJson(request),
        (status, body) => sendJson(response, status, body),
      );
    }
    if (!pathname.startsWith('/control/')) return this.#page(request, response, pathname);
    if (pathname === '/control/events') {
      this.#guard.checkAccess(request, source, 'session');
      const allowed = (): boolean => this.#guard.session(source) !== undefined || this.#guard.hasToken(request, source);
      return this.#events.add(request, response, parse(eventsQuerySchema, Object.fromEntries(url.searchParams)), allowed);
    }
    if (pathname === '/control/support-bundle') {
      this.#guard.checkAccess(request, source, 'session');
      return sendFile(response, 'mallard-support.zip', 'application/zip', await this.#subject.supportBundle());
    }
    if (pathname === '/control/authority.crt') return this.#authority(response);
    const { name, route, parameter } = findRoute(request.method ?? 'GET', pathname);
    this.#guard.checkAccess(request, source, route.access);
    const body = await readBody(request, route);
    // Each handler takes its own route's input, which the route's schemas have just checked.
    const handle = this.#handlers[name] as unknown as (call: Call<AnyRoute>) => unknown;
    const answer = await handle({
      name: parameter,
      query: parse(route.query, Object.fromEntries(url.searchParams)),
      body: parse(route.body, body),
      source,
      session: this.#guard.session(source),
      hasToken: this.#guard.hasToken(request, source),
      setCookie: (value) => response.setHeader('set-cookie', value),
    });
    sendJson(response, 200, route.answer.parse(answer));
  }

  /** Somebody on another computer typed the address without https://. */
  #sendsToHttps(request: IncomingMessage, response: ServerResponse): boolean {
    const source = sourceOf(request);
    const host = request.headers.host ?? '';
    if (source.here || source.secure || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    if (/^\/(control|api)\//.test(request.url ?? '/')) return false;
    if (!this.#guard.knows(hostName(host) ?? '') || loopbackNames.has(source.host)) return false;
    response.writeHead(307, { location: `https://${host}${request.url ?? '/'}`, 'cache-control': 'no-store' });
    response.end();
    return true;
  }

  async #page(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new ControlFault(405, 'MethodNotAllowed', 'Pages can only be read.');
    const encodings = request.headers['accept-encoding'];
    if (!(await this.#files.serve(pathname, response, typeof encodings === 'string' ? encodings : '')))
      throw new ControlFault(404, 'NotFound', 'There is no such page.');
  }

  #authority(response: ServerResponse): void {
    const certificate = this.#options.authority();
    if (certificate === undefined) throw new ControlFault(503, 'Unavailable', 'The certificate is not made yet.');
    response.writeHead(200, {
      'content-type': 'application/x-x509-ca-cert',
      'content-disposition': 'attachment; filename="mallard-authority.crt"',
    });
    response.end(certificate);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    // A client that went away in the middle of a page is no fault of ours.
    if (response.destroyed || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    const fault =
      error instanceof ControlFault ? error : new ControlFault(500, 'Internal', 'Something went wrong here. The log says what.');
    if (fault !== error)
      this.#options.log.error('a control request failed', { method: request.method, path: request.url?.split('?')[0], error });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // An unread body would keep the connection busy.
    if (!request.complete) response.setHeader('connection', 'close');
    if (fault.status === 429 && fault.allowed !== undefined) response.setHeader('retry-after', fault.allowed);
    const { message, code, allowed } = fault;
    sendJson(response, fault.status, { error: message, code, ...(allowed === undefined ? {} : { allowed }) });
  }
}

/** This computer's own address is always one of them. */
function doorsFor(host: string | undefined): (string | undefined)[] {
  return host === undefined || isLoopback(host) ? [host] : ['127.0.0.1', host];
}

const table = Object.entries(routes).map(([name, route]) => ({
  name: name as RouteName,
  route: route as AnyRoute,
  pattern: new RegExp(`^${route.path.replaceAll('.', '\\.').replace(':name', '([^/]{1,200})')}$`),
}));

function findRoute(method: string, pathname: string): { name: RouteName; route: AnyRoute; parameter: string } {
  const fitting = table.flatMap((each) => {
    const match = each.pattern.exec(pathname);
    return match === null ? [] : [{ ...each, parameter: decode(match[1] ?? '') }];
  });
  const found = fitting.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  if (fitting.length === 0) throw new ControlFault(404, 'NotFound', 'There is no such path.');
  const allowed = fitting.map(({ route }) => route.method).join(', ');
  throw new ControlFault(405, 'MethodNotAllowed', `This path takes ${allowed}.`, allowed);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ControlFault(400, 'BadRequest', 'The path cannot be read.');
  }
}

/** The access token may come as a parameter, too: it is this server's to give. */
function withoutToken(parameters: URLSearchParams): string {
  parameters.delete('accessToken');
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

async function readBody(request: IncomingMessage, route: AnyRoute): Promise<unknown> {
  if (route.method === 'GET' || route.body instanceof z.ZodUndefined) {
    request.resume();
    return undefined;
  }
  return readJson(request);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new ControlFault(415, 'BadRequest', 'The body must be JSON (Content-Type: application/json).');
  }
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxBodyBytes) throw new ControlFault(413, 'TooLarge', 'The body is too large.');
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    throw new ControlFault(400, 'BadRequest', 'The body is not JSON.');
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ControlFault(400, 'BadRequest', z.prettifyError(result.error));
}

function sendFile(response: ServerResponse, name: string, type: string, body: Buffer): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': body.length,
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
  });
  response.end(body);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, 'cache-control': 'no-store' });
  response.end(body);
}
