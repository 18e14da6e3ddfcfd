/**
 * Who may call the control API. Three fences, in this order:
 *
 * 1. Host: only names and addresses by which this appliance is meant to be reached. A web page that points its own name at 127.0.0.1 (DNS
 *    rebinding) fails here.
 * 2. Origin: a request that a browser sends for another site is refused, whatever it carries.
 * 3. The token or a session cookie.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Access } from './contract.ts';
import { ControlFault } from './fault.ts';
import type { Sessions } from './sessions.ts';

export interface GuardOptions {
  readonly token: string;
  readonly sessions: Sessions;
  /** Names and addresses, in small letters and without port, beside the loopback ones. */
  readonly hosts: () => ReadonlySet<string>;
}

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD']);

export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** @throws ControlFault */
  checkSource(request: IncomingMessage): void {
    const host = request.headers.host ?? '';
    const name = hostName(host);
    if (name === undefined || !(loopback.has(name) || this.#options.hosts().has(name))) {
      throw new ControlFault(
        421,
        'ForbiddenHost',
        'This server is not reached by that name. Use the address that "mallard status" shows.',
      );
    }
    const { origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const foreign = origin !== undefined ? origin !== `http://${host}` : site === 'cross-site' || site === 'same-site';
    // Following a link from elsewhere to the page itself is harmless: a plain GET, answered with the page or with data that the other site cannot read.
    if (
      foreign &&
      !(origin === undefined && safeMethods.has(request.method ?? '') && request.headers['sec-fetch-mode'] === 'navigate')
    ) {
      throw new ControlFault(403, 'ForbiddenOrigin', 'The request comes from another site.');
    }
  }

  /** @throws ControlFault */
  checkAccess(request: IncomingMessage, access: Access): void {
    if (access === 'open' || this.hasToken(request)) return;
    if (access === 'session' && this.isSignedIn(request)) return;
    throw new ControlFault(401, 'Unauthorized', 'Sign in with the link that "mallard start" or "mallard gui" prints.');
  }

  hasToken(request: IncomingMessage): boolean {
    const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    return given !== undefined && equal(given, this.#options.token);
  }

  isSignedIn(request: IncomingMessage): boolean {
    return this.#options.sessions.isValid(request.headers.cookie);
  }
}

/** The name of a Host header, small, without port and brackets. */
export function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/i.exec(host);
  const name = (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
  if (name === undefined || name === '') return undefined;
  // 127.1 and 0x7f000001 are ways around a comparison; only the plain writing of an address is one.
  return /^[\d.]+$|^0x/.test(name) && isIP(name) === 0 ? undefined : name;
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
