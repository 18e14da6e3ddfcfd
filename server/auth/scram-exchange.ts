/**
 * The server's side of a SCRAM exchange (RFC 5802 §5, RFC 7677), channel binding included (-PLUS), apart from any protocol: base64 and continuations are the caller's.
 *
 *   client-first → `readClientFirst` → keys are looked up → `serverFirst` → client-final → `checkClientFinal` → server-final
 */
import { randomBytes } from 'node:crypto';
import { type ScramHash, type ScramKeys, checkScramProof } from './scram.ts';

export type ScramMechanism = { readonly hash: ScramHash; readonly plus: boolean };

/** `SCRAM-SHA-256-PLUS` and so on; undefined for other mechanisms. */
export function scramMechanism(name: string): ScramMechanism | undefined {
  const match = /^SCRAM-SHA-(1|256)(-PLUS)?$/.exec(name.toUpperCase());
  if (match === null) return undefined;
  return { hash: match[1] === '1' ? 'sha1' : 'sha256', plus: match[2] !== undefined };
}

/** What a TLS connection offers for channel binding, by type (RFC 5929, RFC 9266); empty without TLS. */
export type ChannelBindings = ReadonlyMap<string, Buffer>;

export type ClientFirst = {
  readonly username: string;
  readonly authorizationId: string;
  readonly nonce: string;
  /** The GS2 header as it was sent, and `client-first-message-bare`. */
  readonly gs2Header: string;
  readonly bare: string;
  /** `n` none, `y` the client thinks that the server has none, else the type. */
  readonly binding: 'n' | 'y' | { readonly type: string };
};

export type ScramFault = 'syntax' | 'channel-binding' | 'nonce' | 'proof';

/** Parses the client's first message. Unknown mandatory extensions (`m=`) are a syntax fault (RFC 5802 §5.1). */
export function readClientFirst(message: string): ClientFirst | undefined {
  const match = /^((?:(n|y)|p=([A-Za-z0-9.-]+)),(?:a=([^,]*))?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(message);
  if (match === null) return undefined;
  const [, gs2Header = '', plain, type, authorization = '', bare = '', name = '', nonce = ''] = match;
  const username = decodeName(name);
  const authorizationId = decodeName(authorization);
  if (username === undefined || authorizationId === undefined || username === '') return undefined;
  const binding = type === undefined ? ((plain ?? 'n') as 'n' | 'y') : { type };
  return { username, authorizationId, nonce, gs2Header, bare, binding };
}

export type ServerFirst = { readonly message: string; readonly nonce: string };

export function serverFirst(
  first: ClientFirst,
  keys: Pick<ScramKeys, 'salt' | 'iterations'>,
  random: string = freshNonce(),
): ServerFirst {
  const nonce = first.nonce + random;
  return { message: `r=${nonce},s=${keys.salt.toString('base64')},i=${keys.iterations}`, nonce };
}

/**
 * True when the client's wish for channel binding fits the mechanism and the connection. A client that says `y` although we offered -PLUS was lied to by somebody in between
 * (RFC 5802 §6): that sign-in must fail.
 */
export function bindingFits(first: ClientFirst, mechanism: ScramMechanism, bindings: ChannelBindings): boolean {
  if (typeof first.binding === 'object') return mechanism.plus && bindings.has(first.binding.type);
  if (mechanism.plus) return false;
  return first.binding === 'n' || bindings.size === 0;
}

/** Answers the server's final message (`v=…`), or what is wrong. */
export function checkClientFinal(
  mechanism: ScramMechanism,
  exchange: {
    readonly first: ClientFirst;
    readonly server: ServerFirst;
    readonly keys: ScramKeys;
    readonly bindings: ChannelBindings;
  },
  message: string,
): { readonly ok: true; readonly message: string } | { readonly ok: false; readonly fault: ScramFault } {
  const match = /^(c=([A-Za-z0-9+/=]+),r=([^,]+)(?:,[^,]+)*?),p=([A-Za-z0-9+/=]+)$/s.exec(message);
  if (match === null) return { ok: false, fault: 'syntax' };
  const [, withoutProof = '', channel = '', nonce = '', proof = ''] = match;
  if (nonce !== exchange.server.nonce) return { ok: false, fault: 'nonce' };
  const { first } = exchange;
  const bound = typeof first.binding === 'object' ? exchange.bindings.get(first.binding.type) : Buffer.alloc(0);
  const expected = Buffer.concat([Buffer.from(first.gs2Header, 'utf8'), bound ?? Buffer.alloc(0)]);
  if (!Buffer.from(channel, 'base64').equals(expected)) return { ok: false, fault: 'channel-binding' };
  const authMessage = `${first.bare},${exchange.server.message},${withoutProof}`;
  const signature = checkScramProof(mechanism.hash, exchange.keys, authMessage, Buffer.from(proof, 'base64'));
  if (signature === undefined) return { ok: false, fault: 'proof' };
  return { ok: true, message: `v=${signature.toString('base64')}` };
}

/** `=2C` and `=3D` stand for a comma and an equals sign; any other `=` is wrong (RFC 5802 §5.1). */
function decodeName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined;
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

function freshNonce(): string {
  return randomBytes(18).toString('base64');
}
