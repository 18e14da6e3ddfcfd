/**
 * What a client of OAUTHBEARER (RFC 7628 §3.1) or XOAUTH2 (Google's form before it, which many mail programs still speak) sends, and the server's answer to a token that
 * is not good. Pure: base64 and continuations are the caller's.
 */

export type BearerMechanism = 'OAUTHBEARER' | 'XOAUTH2';

/** `username` is undefined when the client leaves it to the token. */
export type BearerMessage = { readonly username: string | undefined; readonly token: string };

const SEPARATOR = '\u0001';

/** Undefined for what the mechanism does not allow: another scheme than Bearer, no token, a channel binding that was never agreed on. */
export function parseBearerMessage(mechanism: BearerMechanism, message: string): BearerMessage | undefined {
  // gs2-header kvsep *kvpair kvsep
  if (!message.endsWith(SEPARATOR + SEPARATOR)) return undefined;
  const [head = '', ...pairs] = message.slice(0, -2).split(SEPARATOR);
  const username = mechanism === 'OAUTHBEARER' ? nameOfHeader(head) : nameOfUserField(head);
  if (username === undefined || pairs.length === 0) return undefined;
  const values = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, at).toLowerCase();
    if (at < 1 || !/^[a-z]+$/.test(key) || values.has(key)) return undefined;
    values.set(key, pair.slice(at + 1));
  }
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(values.get('auth') ?? '')?.[1];
  return token === undefined ? undefined : { username: username === '' ? undefined : username, token };
}

/** The authorization identity of a GS2 header (RFC 5801 §4) without channel binding; '' when there is none. */
function nameOfHeader(header: string): string | undefined {
  const match = /^[ny],(?:a=((?:[^,=\0]|=2C|=3D)+))?,$/i.exec(header);
  return match?.[1]?.replaceAll(/=2C/gi, ',').replaceAll(/=3D/gi, '=') ?? (match === null ? undefined : '');
}

function nameOfUserField(field: string): string | undefined {
  return field.startsWith('user=') ? field.slice(5) : undefined;
}

/** RFC 7628 §3.2.2: why not, as JSON, sent as a challenge before the exchange fails. */
export function bearerFailure(scope: string): string {
  return JSON.stringify({ status: 'invalid_token', scope });
}
