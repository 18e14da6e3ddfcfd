/**
 * DKIM keys by domain: made here or brought along, shown as the record that DNS must have, and looked up for signing. A domain may have several (RSA and
 * Ed25519, or an old and a new one while DNS catches up): everything that leaves is signed with each.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { LruCache } from '../base/lru.ts';
import { parseDomain } from '../mail/address.ts';
import type { Records, Stored } from '../store/records.ts';
import type { DkimKeyFields, DkimKeyState } from '../store/types-flow.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import { InvalidInput } from './refusal.ts';

export type DkimKeyView = {
  readonly id: string;
  readonly domain: string;
  readonly selector: string;
  readonly description: string;
  readonly kind: 'rsa' | 'ed25519';
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly dnsTxt: { readonly name: string; readonly value: string };
  readonly created: Date;
  readonly state: DkimKeyState;
  /** Of a retired key: so long its record must stay in DNS. */
  readonly until: Date | undefined;
};

export type SigningKey = { readonly selector: string; readonly privateKey: string };

export type NewDkimKey = {
  readonly domain: string;
  readonly selector: string;
  readonly description?: string | undefined;
  /** PEM (RSA or Ed25519), or the 32 octets of an Ed25519 key in base64; without one a key is made. */
  readonly privateKey?: string | undefined;
  /** What is made; default RSA with 2048 bits, which every verifier knows. */
  readonly kind?: 'rsa' | 'ed25519' | undefined;
};

export type DkimKeys = {
  readonly page: (query: string | undefined, request: PageRequest) => Promise<Page<DkimKeyView>>;
  readonly get: (id: string) => Promise<DkimKeyView | undefined>;
  /** Makes a key, or replaces the one with this selector. Refusal: InvalidInput. */
  readonly put: (key: NewDkimKey) => Promise<DkimKeyView>;
  readonly remove: (id: string) => Promise<boolean>;
  /** A new key beside each one in use, under a new selector; it signs once DNS has it. Answers what is pending then: a second call makes no more. */
  readonly rotate: (domain: string) => Promise<readonly DkimKeyView[]>;
  /** What is not as usual: pending and retired keys, and active ones older than that. */
  readonly unsettled: (activeBefore: Date) => Promise<readonly DkimKeyView[]>;
  /** DNS has the record: it signs from now on, and those before it retire until then. False = another worker was first. */
  readonly activate: (id: string, now: Date, retiredUntil: Date) => Promise<boolean>;
  /** The newest key of a domain. */
  readonly resolve: (domain: string) => Promise<string | undefined>;
  /** For signing: all keys of a domain (ASCII form); changes elsewhere are seen within seconds. */
  readonly signingKeys: (domain: string) => Promise<readonly SigningKey[]>;
};

const FRESH_MS = 10_000;
const SELECTOR = /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?)*$/i;
/** PKCS #8 of an Ed25519 key up to its 32 octets (RFC 8410 §7). */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX_BYTES = 12;

export function createDkimKeys(records: Records<DkimKeyFields>): DkimKeys {
  const known = new LruCache<string, { keys: readonly SigningKey[]; atMs: number }>(1_000);

  return {
    page: async (query, request) => {
      const where = query === undefined || query === '' ? {} : { domain: { contains: query } };
      const page = await records.page(where, request);
      return { ...page, results: page.results.map(viewOf) };
    },
    get: async (id) => {
      const found = await records.get(id);
      return found === undefined ? undefined : viewOf(found);
    },
    put: async ({ domain, selector, description, privateKey, kind }) => {
      const parsed = parseDomain(domain);
      if (!parsed.ok) throw new InvalidInput('domain', `"${domain.slice(0, 200)}" is no domain`);
      if (!SELECTOR.test(selector)) throw new InvalidInput('selector', 'A selector is made of letters, digits and hyphens');
      const key = privateKey === undefined || privateKey === '' ? await makeKey(kind ?? 'rsa') : readKey(privateKey);
      const { ascii } = parsed.value;
      const fields = fieldsOf(ascii, selector.toLowerCase(), description ?? '', key);
      const saved = await records.upsert(
        { domain: ascii, selector: fields.selector },
        { set: fields, unset: ['state', 'replaces', 'until', 'activeSince'] },
      );
      known.delete(ascii);
      return viewOf(saved);
    },
    remove: async (id) => {
      const gone = await records.take({ id });
      if (gone !== undefined) known.delete(gone.domain);
      return gone !== undefined;
    },
    rotate: async (domain) => {
      const parsed = parseDomain(domain);
      if (!parsed.ok) throw new InvalidInput('domain', `"${domain.slice(0, 200)}" is no domain`);
      const { ascii } = parsed.value;
      const all = await records.find({ domain: ascii });
      const pending = all.filter(({ state }) => state === 'pending');
      if (pending.length > 0) return pending.map(viewOf);
      const used = all.filter(isActive);
      if (used.length === 0) throw new InvalidInput('domain', `There is no DKIM key for ${domain.slice(0, 200)}`);
      const made: DkimKeyView[] = [];
      for (const kind of new Set(used.map((one) => one.kind))) {
        const replaces = used.filter((one) => one.kind === kind).map(({ id }) => id);
        const fields = fieldsOf(ascii, freeSelector(all, kind), 'rotated', await makeKey(kind));
        made.push(viewOf(await records.insert({ ...fields, state: 'pending', replaces })));
      }
      return made;
    },
    unsettled: async (activeBefore) => {
      const found = await records.find({
        or: [
          { state: { in: ['pending', 'retired'] } },
          { activeSince: { to: activeBefore } },
          { activeSince: { exists: false } },
        ],
      });
      return found.filter((one) => !isActive(one) || (one.activeSince ?? one.created) < activeBefore).map(viewOf);
    },
    activate: async (id, now, retiredUntil) => {
      const key = await records.update({ id, state: 'pending' }, { set: { state: 'active', activeSince: now } });
      if (key === undefined) return false;
      known.delete(key.domain);
      // A crash before this leaves two that sign, which is no harm; the next rotation replaces both.
      for (const old of key.replaces ?? []) await records.update({ id: old }, { set: { state: 'retired', until: retiredUntil } });
      return true;
    },
    resolve: async (domain) => {
      const parsed = parseDomain(domain);
      if (!parsed.ok) return undefined;
      return (await records.findOne({ domain: parsed.value.ascii }, { sort: { id: -1 } }))?.id;
    },
    signingKeys: async (domain) => {
      const cached = known.get(domain);
      if (cached !== undefined && Date.now() - cached.atMs < FRESH_MS) return cached.keys;
      const keys = (await records.find({ domain }))
        .filter(isActive)
        .map(({ selector, privateKey }) => ({ selector, privateKey }));
      known.set(domain, { keys, atMs: Date.now() });
      return keys;
    },
  };
}

function isActive({ state }: DkimKeyFields): boolean {
  return state === undefined || state === 'active';
}

function fieldsOf(domain: string, selector: string, description: string, key: KeyObject): DkimKeyFields {
  return {
    domain,
    selector,
    description,
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicText(key),
    kind: key.asymmetricKeyType === 'ed25519' ? 'ed25519' : 'rsa',
    fingerprint: createHash('sha256')
      .update(key.export({ type: 'pkcs8', format: 'der' }))
      .digest('hex'),
  };
}

/** `r261124` for RSA, `e261124` for Ed25519, by the day: never one that is still known. */
function freeSelector(all: readonly DkimKeyFields[], kind: 'rsa' | 'ed25519'): string {
  const letter = kind === 'rsa' ? 'r' : 'e';
  const day = new Date().toISOString().slice(2, 10).replaceAll('-', '');
  for (let count = 1; ; count += 1) {
    const selector = `${letter}${day}${count === 1 ? '' : `-${count}`}`;
    if (!all.some((one) => one.selector === selector)) return selector;
  }
}

async function makeKey(kind: 'rsa' | 'ed25519'): Promise<KeyObject> {
  const generate = promisify(generateKeyPair);
  if (kind === 'ed25519') return (await generate('ed25519')).privateKey;
  return (await generate('rsa', { modulusLength: 2048 })).privateKey;
}

function readKey(text: string): KeyObject {
  let key: KeyObject;
  try {
    key = /^[A-Za-z0-9+/]{43}=$/.test(text.trim())
      ? createPrivateKey({ key: Buffer.concat([ED25519_PREFIX, Buffer.from(text, 'base64')]), format: 'der', type: 'pkcs8' })
      : createPrivateKey(text);
  } catch {
    throw new InvalidInput('privateKey', 'The private key can’t be read');
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  if (asymmetricKeyType === 'ed25519') return key;
  if (asymmetricKeyType !== 'rsa') throw new InvalidInput('privateKey', 'A DKIM key is an RSA or an Ed25519 key');
  // RFC 8301 §3.2: shorter ones are not to be used.
  if ((asymmetricKeyDetails?.modulusLength ?? 0) < 1024)
    throw new InvalidInput('privateKey', 'An RSA key has at least 1024 bits');
  return key;
}

/** RFC 8463 §4: of an Ed25519 key the 32 octets alone; RFC 6376 §3.6.1: of an RSA key its SPKI. */
function publicText(key: KeyObject): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return (key.asymmetricKeyType === 'ed25519' ? spki.subarray(SPKI_PREFIX_BYTES) : spki).toString('base64');
}

function viewOf({
  id,
  domain,
  selector,
  description,
  kind,
  fingerprint,
  publicKey,
  created,
  state,
  until,
}: Stored<DkimKeyFields>): DkimKeyView {
  return {
    id,
    domain,
    selector,
    description,
    kind,
    fingerprint,
    publicKey,
    dnsTxt: { name: `${selector}._domainkey.${domain}`, value: `v=DKIM1; k=${kind}; p=${publicKey}` },
    created,
    state: state ?? 'active',
    until,
  };
}
