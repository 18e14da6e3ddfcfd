/**
 * A forward to the web: the message is POSTed as it is (`message/rfc822`), signed like an event of a web hook, and tried again by the queue like any other mail.
 * It may come twice, under the same `X-Mallard-Id`. The answer counts: 2xx = taken; 4xx = never, but for those that ask for patience.
 */
import { createHmac } from 'node:crypto';
import { lookup as lookupAddress } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Config } from '../../config/schema.ts';
import type { QueueEntry, QueueRecipient } from '../../store/types-queue.ts';
import { isInside } from '../networks.ts';
import type { RecipientResult } from './results.ts';

export type WebParts = { readonly config: Config; readonly webSecret: () => Promise<Buffer>; readonly now: () => number };

const PREFIX = 'web:';
const TIMEOUT_MS = 60_000;
const AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/** The destination of an entry for this URL; undefined when it is none of the web. */
export function tryWebDestination(target: string): string | undefined {
  return /^https?:\/\//i.test(target) && URL.canParse(target) ? `${PREFIX}${new URL(target).host.toLowerCase()}` : undefined;
}

export function isWebDestination(destination: string): boolean {
  return destination.startsWith(PREFIX);
}

export async function postEntry(entry: QueueEntry, body: Buffer, parts: WebParts): Promise<readonly RecipientResult[]> {
  const results: RecipientResult[] = [];
  for (const recipient of entry.recipients) results.push(await postTo(recipient, entry, body, parts));
  return results;
}

async function postTo(recipient: QueueRecipient, entry: QueueEntry, body: Buffer, parts: WebParts): Promise<RecipientResult> {
  const url = new URL(recipient.address);
  const answer = (kind: RecipientResult['kind'], status: string, text: string, unreachable = false): RecipientResult => ({
    recipient,
    kind,
    status,
    text,
    server: url.host,
    passedOn: true,
    ...(unreachable ? { unreachable } : {}),
  });
  const anywhere = parts.config.outbound.webForwards === 'any';
  if (parts.config.outbound.webForwards === 'never') return answer('permanent', '5.7.1', 'Forwards to the web are switched off');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!anywhere && isIP(host) !== 0 && isInside(host)) return answer('permanent', '5.7.1', `${host} is no public address`);
  const time = Math.floor(parts.now() / 1000);
  const signature = createHmac('sha256', await parts.webSecret())
    .update(`${time}.`)
    .update(body)
    .digest('hex');
  try {
    const code = await post(url, body, {
      method: 'POST',
      timeout: TIMEOUT_MS,
      lookup: anywhere ? undefined : publicOnly,
      headers: {
        'content-type': 'message/rfc822',
        'content-length': body.length,
        'user-agent': 'mallard',
        'x-mallard-id': entry.id,
        'x-mallard-from': encodeURI(entry.from),
        'x-mallard-signature': `t=${time},v1=${signature}`,
      },
    });
    if (code >= 200 && code < 300) return answer('relayed', '2.0.0', `HTTP ${code}`);
    if (code >= 400 && code < 500 && !AGAIN.has(code)) return answer('permanent', '5.0.0', `HTTP ${code}`);
    return answer('temporary', '4.0.0', `HTTP ${code}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EPRIVATE') return answer('permanent', '5.7.1', message);
    return answer('temporary', '4.4.1', message === '' ? (code ?? 'not reached') : message, true);
  }
}

function post(url: URL, body: Buffer, options: RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { ...options, agent: false }, (response) => {
      // What it says more is nobody's business.
      response.destroy();
      clearTimeout(overdue);
      resolve(response.statusCode ?? 0);
    });
    const overdue = setTimeout(() => request.destroy(new Error('no answer in time')), TIMEOUT_MS);
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) => {
      clearTimeout(overdue);
      reject(error);
    });
    request.end(body);
  });
}

/** Looked at after the name is resolved: a name may mean anything the next time. */
const publicOnly: LookupFunction = (hostname, options, callback) => {
  lookupAddress(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 0);
    const good = addresses.filter(({ address }) => !isInside(address));
    const [first] = good;
    if (first === undefined) {
      return callback(Object.assign(new Error(`${hostname} has no public address`), { code: 'EPRIVATE' }), '', 0);
    }
    if (options.all === true) return callback(null, good);
    return callback(null, first.address, first.family);
  });
};
