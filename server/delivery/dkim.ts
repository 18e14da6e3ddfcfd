/**
 * DKIM signatures (RFC 6376, 8463) on what leaves: with the keys of the From domain, so that DMARC is content, else of the domain that the sender's address
 * belongs to. One signature per key.
 */
import { dkimSign, type DKIMSignOptions } from 'mailauth';
import type { Logger } from '../base/log.ts';
import type { DkimKeys } from '../operations/dkim-keys.ts';
import { parseAddress } from '../mail/address.ts';
import { parseAddressList } from '../mime/addresses.ts';
import { fieldValue, findField, readHeaderFields } from '../mime/header-fields.ts';
import type { QueueEntry } from '../store/types-queue.ts';

export type Signer = {
  /** The message with its signatures before it; as it is where there is no key. A failure to sign never stops mail. */
  readonly sign: (entry: Pick<QueueEntry, 'from' | 'transactionId'>, body: Buffer) => Promise<Signed>;
};

export type Signed = {
  readonly body: Buffer;
  /** Whose keys signed; undefined when none did. */
  readonly domain: string | undefined;
  /** Why receivers that ask for DMARC may doubt the message. */
  readonly warning: string | undefined;
};

const MAX_HEADER_BYTES = 256 * 1024;

export function createSigner(keys: Pick<DkimKeys, 'signingKeys'>, log: Logger, now: () => number = Date.now): Signer {
  return {
    sign: async (entry, body) => {
      const domains = domainsOf(entry.from, body);
      for (const domain of domains) {
        const found = await keys.signingKeys(domain);
        if (found.length === 0) continue;
        const { signatures, errors } = await dkimSign(body, {
          canonicalization: 'relaxed/relaxed',
          signTime: new Date(now()),
          signatureData: found.map(({ selector, privateKey }) => ({ signingDomain: domain, selector, privateKey })),
          // Its types know one key alone; several is what its documentation has.
        } as unknown as DKIMSignOptions);
        for (const error of errors ?? [])
          log.error('DKIM signature not made', { domain, transaction: entry.transactionId, error: error.err });
        if (signatures === '') continue;
        const warning =
          domain === domains[0] ? undefined : `Signed by ${domain}, but From is at ${domains[0] ?? ''}: no DMARC alignment`;
        return { body: Buffer.concat([Buffer.from(signatures), body]), domain, warning };
      }
      const warning = entry.from === '' ? undefined : `Not signed: there is no DKIM key for ${domains[0] ?? 'its domain'}`;
      return { body, domain: undefined, warning };
    },
  };
}

/** Of From first. A message that is forwarded keeps its author's domain, for which there is no key here, and gets that of who forwards it. */
function domainsOf(sender: string, body: Buffer): readonly string[] {
  const fields = readHeaderFields(body, 0, body.length, MAX_HEADER_BYTES);
  const from = findField(fields, 'from');
  const author = from === undefined ? undefined : parseAddressList(fieldValue(body, from), 1)[0]?.address;
  const domains = [author, sender].flatMap((address) => {
    const parsed = address === undefined || address === '' ? undefined : parseAddress(address);
    return parsed?.ok === true ? [parsed.value.asciiDomain] : [];
  });
  return [...new Set(domains)];
}
