/**
 * What was found about a message when it came in, read from the fields that this server put on top of it: Received (RFC 5321 §4.4) and Authentication-Results (RFC 8601). Fields
 * that others wrote in this server's name were taken out then; what did not come by SMTP was not checked, and nothing in it is believed.
 */

export type Verification = {
  /** Cipher and version of the connection that it came by. */
  readonly tls: { readonly name: string; readonly version: string } | false;
  /** The domain that passed. */
  readonly spf: string | false;
  readonly dkim: string | false;
};

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** Undefined for what this server did not receive by SMTP or LMTP. */
export function verificationOf(fields: Fields, hostname: string): Verification | undefined {
  const received = first(fields['received']);
  const by = /\sby\s+(\S+)\s+with\s+(\S+)/.exec(received);
  if (by?.[1]?.toLowerCase() !== hostname.toLowerCase()) return undefined;
  const tls = /\]\)\s*\((TLSv[\d.]+)\s+([\w-]+)\)\s+by\s/.exec(received);
  const isSmtp = /^(?:UTF8)?E?SMTPS?A?$/i.test(by[2] ?? '');
  const results = isSmtp ? ownResults(fields['authentication-results'], hostname) : '';
  return {
    tls: tls === null ? false : { name: tls[2]!, version: tls[1]! },
    spf: passed(results, 'spf', /smtp\.(?:mailfrom|helo)=(?:"?[^\s;"@]*@)?([^\s;"]+)/),
    dkim: passed(results, 'dkim', /header\.(?:i|d)=(?:"?[^\s;"@]*@)?([^\s;"]+)/),
  };
}

/** Only the topmost one is ours. */
function ownResults(value: Fields[string] | undefined, hostname: string): string {
  const results = first(value);
  const server = results.split(/[\s;]/, 1)[0] ?? '';
  return server.toLowerCase() === hostname.toLowerCase() ? results : '';
}

function passed(results: string, method: string, domain: RegExp): string | false {
  for (const result of results.split(';')) {
    if (!new RegExp(`^\\s*${method}=pass\\b`).test(result)) continue;
    const found = domain.exec(result)?.[1];
    if (found !== undefined) return found.toLowerCase();
  }
  return false;
}

function first(value: Fields[string] | undefined): string {
  const one = typeof value === 'string' ? value : (value?.[0] ?? '');
  return one.replace(/\s+/g, ' ');
}
