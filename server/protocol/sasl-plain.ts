/** SASL PLAIN (RFC 4616) and the answers of AUTH LOGIN, for every protocol that carries them in base64. */

/** `authzid` is empty when the client acts for itself. */
export type PlainCredentials = { readonly authzid: string; readonly username: string; readonly password: string };

/** Decodes base64 strictly: undefined when it isn't. `=` alone is the empty response (RFC 4954 §4). */
export function decodeSaslResponse(text: string): Buffer | undefined {
  if (text === '=') return Buffer.alloc(0);
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/** Undefined when the response is no PLAIN message. */
export function parsePlain(response: Buffer): PlainCredentials | undefined {
  const parts = decodeUtf8(response)?.split('\0');
  if (parts?.length !== 3) return undefined;
  const [authzid = '', username = '', password = ''] = parts;
  return username === '' || password === '' ? undefined : { authzid, username, password };
}

/** Undefined for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
