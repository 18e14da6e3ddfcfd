/**
 * Where mail programs look for their settings, below whatever name the address's domain leads here by: Mozilla's autoconfig and Microsoft's autodiscover. Names and
 * ports are no secret, so neither a known Host nor a session is asked for, and plain HTTP is answered, too: that is how programs ask. The worker knows the answers.
 */
import type { IncomingMessage } from 'node:http';

const autodiscover = '/autodiscover/autodiscover.xml';
const autoconfig: ReadonlySet<string> = new Set(['/.well-known/autoconfig/mail/config-v1.1.xml', '/mail/config-v1.1.xml']);

/** The worker's path for such a question; undefined for every other request. */
export function clientSetupPath(request: IncomingMessage): string | undefined {
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  if (url === null) return undefined;
  const address = url.searchParams.get('emailaddress');
  const query = address === null ? '' : `?${new URLSearchParams({ emailaddress: address }).toString()}`;
  if (request.method === 'GET' && autoconfig.has(url.pathname)) return `${url.pathname}${query}`;
  // Outlook writes the path in large and small letters.
  if (request.method === 'POST' && url.pathname.toLowerCase() === autodiscover) return `${autodiscover}${query}`;
  return undefined;
}
