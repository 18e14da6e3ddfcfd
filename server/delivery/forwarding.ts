/**
 * What mail needs that an address here passes on elsewhere: a From of ours where the author's domain would have the next server refuse it, and a seal (ARC,
 * RFC 8617) that says what we saw when it came.
 */
import { sealMessage } from 'mailauth';
import type { Logger } from '../base/log.ts';
import { parseAddress } from '../mail/address.ts';
import { parseAddressList } from '../mime/addresses.ts';
import { decodeWords } from '../mime/encoded-words.ts';
import { fieldValue, findField, type HeaderField, readHeaderFields } from '../mime/header-fields.ts';
import type { DkimKeys } from '../operations/dkim-keys.ts';
import type { LocalDomains } from '../store/local-domains.ts';
import type { QueueEntry } from '../store/types-queue.ts';
import type { CheckResolver } from './checks.ts';

export type Forwarding = {
  /** The message with another From where that is needed; `rewritten` tells. Never throws. */
  readonly rewriteFrom: (entry: ForwardedEntry, body: Buffer) => Promise<{ readonly body: Buffer; readonly rewritten: boolean }>;
  /** The message with our seal before it; as it is where there is no key for it. Never throws. */
  readonly seal: (
    entry: ForwardedEntry,
    body: Buffer,
  ) => Promise<{ readonly body: Buffer; readonly sealedBy: string | undefined }>;
};

type ForwardedEntry = Pick<QueueEntry, 'from' | 'forwardedBy' | 'transactionId'>;

export type ForwardingParts = {
  readonly keys: Pick<DkimKeys, 'signingKeys'>;
  readonly resolve: CheckResolver;
  readonly localDomains: LocalDomains;
  readonly hostname: string;
  readonly log: Logger;
  readonly now: () => number;
};

const MAX_HEADER_BYTES = 256 * 1024;
const MAX_LABELS = 8;

export function createForwarding({ keys, resolve, localDomains, hostname, log, now }: ForwardingParts): Forwarding {
  /** RFC 7489 §6.6.3, with the walk up the tree of RFC 9989: the policy that holds for mail from this domain. */
  async function policyOf(domain: string): Promise<'none' | 'quarantine' | 'reject'> {
    const labels = domain.split('.').slice(-MAX_LABELS);
    for (let at = 0; at <= labels.length - 2; at += 1) {
      const name = labels.slice(at).join('.');
      const record = await recordOf(name);
      if (record === undefined) continue;
      const wish = (at > 0 ? tagOf(record, 'sp') : undefined) ?? tagOf(record, 'p');
      return wish === 'reject' || wish === 'quarantine' ? wish : 'none';
    }
    return 'none';
  }

  async function recordOf(name: string): Promise<string | undefined> {
    try {
      const texts = (await resolve(`_dmarc.${name}`, 'TXT')).map((text) => (Array.isArray(text) ? text.join('') : text));
      return texts.find((text) => /^v=DMARC1\b/i.test(text));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTFOUND' || code === 'ENODATA') return undefined;
      throw error;
    }
  }

  const rewriteFrom: Forwarding['rewriteFrom'] = async (entry, body) => {
    const asItIs = { body, rewritten: false };
    const by = entry.forwardedBy;
    // A notice has no author whose domain would mind.
    if (by === undefined || entry.from === '') return asItIs;
    const fields = readHeaderFields(body, 0, body.length, MAX_HEADER_BYTES);
    const from = findField(fields, 'from');
    const [author] = from === undefined ? [] : parseAddressList(fieldValue(body, from), 1);
    const parsed = author === undefined ? undefined : parseAddress(author.address);
    if (from === undefined || author === undefined || parsed?.ok !== true) return asItIs;
    const domain = parsed.value.asciiDomain;
    try {
      if ((await localDomains.has(domain)) || isSignedBy(domain, body, fields, hostname)) return asItIs;
      if ((await policyOf(domain)) === 'none') return asItIs;
    } catch (error) {
      log.info('From is left as it is: the policy of its domain can’t be looked up', { domain, error });
      return asItIs;
    }
    const name = decodeWords(author.name === '' ? author.address : author.name);
    const answer = findField(fields, 'reply-to') === undefined ? `Reply-To:${rawValue(body, from)}` : '';
    const field = `From: ${phrase(`${name} via ${by}`)} <${by}>\r\n${answer}X-Original-From:${rawValue(body, from)}`;
    // The value is a binary string; what is new may be UTF-8 when the address here is.
    const replaced = Buffer.concat([
      body.subarray(0, from.start),
      /[^\u0000-\u00ff]/.test(field) ? Buffer.from(field) : Buffer.from(field, 'latin1'),
      body.subarray(from.end),
    ]);
    return { body: replaced, rewritten: true };
  };

  const seal: Forwarding['seal'] = async (entry, body) => {
    const asItIs = { body, sealedBy: undefined };
    const parsed = entry.forwardedBy === undefined ? undefined : parseAddress(entry.forwardedBy);
    if (parsed?.ok !== true) return asItIs;
    const signingDomain = parsed.value.asciiDomain;
    const fields = readHeaderFields(body, 0, body.length, MAX_HEADER_BYTES);
    const results = ourResults(body, fields, hostname);
    const sealed = fields.some(({ name }) => name === 'arc-seal');
    const chain = /\barc=(pass|fail)\b/.exec(results ?? '')?.[1];
    // Without our own look at it when it came there is nothing that could be vouched for.
    if (results === undefined || (sealed && chain === undefined)) return asItIs;
    try {
      const [key] = (await keys.signingKeys(signingDomain)).filter(({ privateKey }) => !isEd25519(privateKey));
      if (key === undefined) return asItIs;
      const head = await sealMessage(body, {
        signingDomain,
        selector: key.selector,
        privateKey: key.privateKey,
        authResults: results,
        signTime: new Date(now()),
        ...(sealed && chain !== undefined ? { cv: chain } : {}),
      });
      return head.length === 0 ? asItIs : { body: Buffer.concat([head, body]), sealedBy: signingDomain };
    } catch (error) {
      log.warn('not sealed (ARC)', { transaction: entry.transactionId, domain: signingDomain, error });
      return asItIs;
    }
  };

  return { rewriteFrom, seal };
}

/** A valid signature of the author's domain, as we saw it when the message came, still holds: nothing that it covers has changed. */
function isSignedBy(domain: string, body: Buffer, fields: readonly HeaderField[], hostname: string): boolean {
  const results = ourResults(body, fields, hostname) ?? '';
  return [...results.matchAll(/\bdkim=pass\b[^;]*?\bheader\.[di]=@?([^\s;]+)/gi)].some(([, signer = '']) => {
    const signed = signer.slice(signer.lastIndexOf('@') + 1).toLowerCase();
    return signed === domain || domain.endsWith(`.${signed}`) || signed.endsWith(`.${domain}`);
  });
}

/** The value of the Authentication-Results that this server wrote. */
function ourResults(body: Buffer, fields: readonly HeaderField[], hostname: string): string | undefined {
  const field = fields.find(
    (one) =>
      one.name === 'authentication-results' &&
      fieldValue(body, one).toLowerCase().replace(/\s*;/, ';').startsWith(`${hostname.toLowerCase()};`),
  );
  return field === undefined ? undefined : fieldValue(body, field);
}

/** With its line end, as it was written. */
function rawValue(body: Buffer, { valueStart, end }: HeaderField): string {
  const value = body.toString('latin1', valueStart, end);
  return value.startsWith(' ') || value.startsWith('\t') ? value : ` ${value}`;
}

/** RFC 2047 where it must be; no more than one word of 75 characters a time. */
function phrase(text: string): string {
  if (/^[\u0020-\u007e]*$/.test(text)) return `"${text.replace(/[\\"]/g, '\\$&')}"`;
  const words: string[] = [];
  let word = '';
  for (const char of text.replace(/[\u0000-\u001f\u007f]/g, ' ')) {
    if (Buffer.byteLength(word + char) > 42) {
      words.push(word);
      word = '';
    }
    word += char;
  }
  return [...words, word].map((one) => `=?utf-8?B?${Buffer.from(one).toString('base64')}?=`).join('\r\n ');
}

function tagOf(record: string, tag: string): string | undefined {
  return new RegExp(`(?:^|;)\\s*${tag}\\s*=\\s*([a-z]+)`, 'i').exec(record)?.[1]?.toLowerCase();
}

/** RFC 8617 §4.1.3: verifiers know RSA for certain. */
function isEd25519(pem: string): boolean {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64').length < 100;
}
