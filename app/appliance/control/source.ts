/** Where a request comes from: the computer itself or another one, by TLS or not, under which name. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Site } from './admin/passkeys.ts';
import type { Client } from './sessions.ts';

export interface Source extends Client, Site {
  readonly cookies: string | undefined;
}

export const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/**
 * A request is from here when the connection is and the name is a loopback one, too: a reverse proxy on this computer that passes the outer name on
 * does not make the world local.
 */
export function sourceOf(request: IncomingMessage): Source {
  const host = hostName(request.headers.host ?? '') ?? '';
  const secure = request.socket instanceof TLSSocket;
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return {
    host,
    origin: `${secure ? 'https' : 'http'}://${request.headers.host ?? ''}`,
    secure,
    address,
    here: isLoopback(address) && loopbackNames.has(host),
    browser: request.headers['user-agent'] ?? '',
    cookies: request.headers.cookie,
  };
}

export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** The name of a Host header, small, without port and brackets. */
export function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/i.exec(host);
  const name = (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
  if (name === undefined || name === '') return undefined;
  // 127.1 and 0x7f000001 are ways around a comparison; only the plain writing of an address is one.
  return /^[\d.]+$|^0x/.test(name) && isIP(name) === 0 ? undefined : name;
}
