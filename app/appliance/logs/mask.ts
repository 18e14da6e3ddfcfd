/**
 * Takes secrets out of log lines before they are kept. The programs that log are asked not to write any; this is the second fence, because a log
 * is what people copy into a forum.
 */

const hidden = '***';

/** Field names whose values are never kept, whatever is in them. */
const secretName =
  /pass(word|wd|phrase)?$|^pass|secret|(access|root|control|session)?token$|authorization|cookie|api.?key|private.?key|credential/i;

/** Shapes of secrets inside running text; the first group is what stays. */
const secretShapes: readonly RegExp[] = [
  // user:password@ in a URI
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]{0,256}:)[^\s@/]{1,512}(?=@)/gi,
  // IMAP LOGIN user password; the user may be quoted. In lower case only as a whole command line: "login of anna failed" is a sentence.
  /(\bLOGIN\s+(?:"(?:[^"\\]|\\.){0,256}"|[^\s"]{1,256})\s+)(?:"(?:[^"\\]|\\.){0,512}"|\S{1,512})/g,
  /(^\S{1,32}\s+login\s+(?:"(?:[^"\\]|\\.){0,256}"|[^\s"]{1,256})\s+)(?:"(?:[^"\\]|\\.){0,512}"|\S{1,512})\s*$/gim,
  // SASL with an initial response, and POP3's PASS
  /(\b(?:AUTHENTICATE|AUTH)\s+(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|SCRAM-[A-Z0-9-]+|CRAM-MD5)\s+)\S{2,4096}/gi,
  /(^\s*(?:C:\s*)?PASS\s+)\S.{0,512}$/gim,
  // HTTP
  /(\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{6,4096}/gi,
  /(\b(?:X-Access-Token|Authorization|Set-Cookie|Cookie)["']?\s*[:=]\s*["']?)[^\s"',;]{1,4096}/gi,
  /([?&#](?:accessToken|token|signin|password)=)[^\s&"'#]{1,1024}/gi,
  // password=… and "password":"…"
  /(["']?\b(?:password|passwd|secret|requirepass|masterauth|rootToken)["']?\s*[:=]\s*["']?)[^\s"',;}]{1,512}/gi,
];

/** A masker that also knows this installation's own generated secrets and hides them wherever they stand. */
export class SecretMask {
  readonly #known = new Set<string>();

  /** Values shorter than eight characters are not secrets but words. */
  know(secret: string): void {
    if (secret.length >= 8) this.#known.add(secret);
  }

  text(given: string): string {
    let masked = given;
    for (const secret of this.#known) if (masked.includes(secret)) masked = masked.replaceAll(secret, hidden);
    for (const shape of secretShapes) masked = masked.replace(shape, `$1${hidden}`);
    return masked;
  }

  /** A copy with secret fields hidden at every depth; depth is bounded because a log line may hold anything. */
  fields(given: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(given)) {
      result[name] = secretName.test(name) && value !== null && value !== undefined ? hidden : this.#value(value, depth);
    }
    return result;
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= 4) return '…';
    if (Array.isArray(value)) return value.slice(0, 100).map((item) => this.#value(item, depth + 1));
    return this.fields(value as Record<string, unknown>, depth + 1);
  }
}
