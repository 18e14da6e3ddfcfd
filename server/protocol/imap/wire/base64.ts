/** Base64 as SASL exchanges carry it. */

/** Strict base64 (RFC 4648 §4); `=` alone is the empty string. Also for the lines that answer SASL challenges. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text === '=' || text === '') return Buffer.alloc(0);
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}
