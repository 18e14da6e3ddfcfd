/**
 * Who may call the control API. Four fences, in this order:
 *
 * 1. Host: only names and addresses by which this appliance is meant to be reached. A web page that points its own name at 127.0.0.1 (DNS
 *    rebinding) fails here.
 * 2. Transport: from another computer only TLS.
 * 3. Origin: a request that a browser sends for another site is refused, whatever it carries.
 * 4. The token (on the computer itself) or a session cookie.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Access } from './contract.ts';
import { ControlFault } from './fault.ts';
import type { Session, Sessions } from './sessions.ts';
import { loopbackNames, type Source, sourceOf } from './source.ts';

export interface GuardOptions {
  readonly token: string;
  readonly sessions: Sessions;
  /** Names and addresses, in small letters and without port, beside the loopback ones. */
  readonly hosts: () => ReadonlySet<string>;
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD']);

export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Whether this server is meant to be reached by that name. */
  knows(host: string): boolean {
    return host !== '' && (loopbackNames.has(host) || this.#options.hosts().has(host));
  }

  /** @throws ControlFault */
  checkSource(request: IncomingMessage): Source {
    const source = sourceOf(request);
    if (!this.knows(source.host)) {
      throw new ControlFault(
        421,
        'ForbiddenHost',
        'This server is not reached by that name. Use the address that "mallard status" shows.',
      );
    }
    if (!source.here && !source.secure)
      throw new ControlFault(403, 'InsecureTransport', 'From another computer this page is reached by https:// only.');
    const { origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const foreign = origin !== undefined ? origin !== source.origin : site === 'cross-site' || site === 'same-site';
    // Following a link from elsewhere to the page itself is harmless: a plain GET, answered with the page or with data that the other site cannot read.
    if (
      foreign &&
      !(origin === undefined && safeMethods.has(request.method ?? '') && request.headers['sec-fetch-mode'] === 'navigate')
    ) {
      throw new ControlFault(403, 'ForbiddenOrigin', 'The request comes from another site.');
    }
    return source;
  }

  /** @throws ControlFault */
  checkAccess(request: IncomingMessage, source: Source, access: Access): void {
    if (access === 'open' || this.hasToken(request, source)) return;
    if (access === 'session' && this.session(source) !== undefined) return;
    throw new ControlFault(
      401,
      'Unauthorized',
      source.here ? 'Sign in with the link that "mallard start" or "mallard gui" prints.' : 'Sign in first.',
    );
  }

  /** The token is in a file of this computer: from elsewhere it is not believed. */
  hasToken(request: IncomingMessage, source: Source): boolean {
    const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    return source.here && given !== undefined && equal(given, this.#options.token);
  }

  session(source: Source): Session | undefined {
    return this.#options.sessions.find(source.cookies, source);
  }
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
