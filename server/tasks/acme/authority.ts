/**
 * Talking with a public authority (ACME, RFC 8555), behind an interface: an account, and an order of one name that answers its challenge as it is asked to. The protocol is
 * acme-client's.
 */
import { Agent } from 'node:https';
import type { Authorization, Client } from 'acme-client';

export type ChallengeKind = 'http-01' | 'tls-alpn-01';

/** What the authority will ask for, to be shown until it has. */
export type Challenge = {
  readonly kind: ChallengeKind;
  readonly servername: string;
  readonly token: string;
  readonly keyAuthorization: string;
  /** For tls-alpn-01 (RFC 8737): the certificate that says it. PEM. */
  readonly alpn: { readonly cert: string; readonly key: string } | undefined;
};

export type Account = { readonly privateKey: string; readonly url: string };

export type OrderRequest = {
  readonly servername: string;
  readonly challenge: ChallengeKind;
  /** Undefined: one is made, and told by `onAccount` before anything is ordered. */
  readonly account: Account | undefined;
  readonly onAccount: (account: Account) => Promise<void>;
  readonly show: (challenge: Challenge) => Promise<void>;
  /** Also when the order fails. */
  readonly hide: (challenge: Challenge) => Promise<void>;
};

/** PEM: the chain, leaf first, and its key. */
export type IssuedPair = { readonly cert: string; readonly privateKey: string };

export type Authority = {
  /** Throws OrderFault. Gives up after `timeoutMs`. */
  readonly order: (request: OrderRequest) => Promise<IssuedPair>;
};

/** Why there is no certificate, in the authority's words or ours. */
export class OrderFault extends Error {}

export type AuthorityOptions = {
  readonly directory: string;
  readonly email: string | undefined;
  /** PEM: verifies the authority's server instead of the usual roots. */
  readonly ca: string | undefined;
  readonly timeoutMs: number;
};

const REQUEST_TIMEOUT_MS = 30_000;
const POLL_MS = 1_000;
const MAX_POLL_MS = 15_000;

export function createAuthority({ directory, email, ca, timeoutMs }: AuthorityOptions): Authority {
  const contact = email === undefined || email === '' ? {} : { contact: [`mailto:${email}`] };

  const order = async (request: OrderRequest): Promise<IssuedPair> => {
    const acme = await import('acme-client');
    acme.axios.defaults.timeout = REQUEST_TIMEOUT_MS;
    if (ca !== undefined) acme.axios.defaults.httpsAgent = new Agent({ ca });
    const { servername, account } = request;
    const accountKey = account?.privateKey ?? (await acme.crypto.createPrivateEcdsaKey()).toString();
    const client = new acme.Client({
      directoryUrl: directory,
      accountKey,
      ...(account === undefined || account.url === '' ? {} : { accountUrl: account.url }),
      backoffAttempts: Math.max(5, Math.ceil(timeoutMs / MAX_POLL_MS)),
      backoffMin: POLL_MS,
      backoffMax: MAX_POLL_MS,
    });
    if (account === undefined || account.url === '') {
      // RFC 8555 §7.3: the same key gives the same account, however often it is asked for.
      await request.onAccount({ privateKey: accountKey, url: '' });
      await client.createAccount({ termsOfServiceAgreed: true, ...contact });
      await request.onAccount({ privateKey: accountKey, url: client.getAccountUrl() });
    }
    const placed = await client.createOrder({ identifiers: [{ type: 'dns', value: servername }] });
    for (const authorization of await client.getAuthorizations(placed)) await authorize(acme, client, authorization, request);
    const [key, csr] = await acme.crypto.createCsr({ altNames: [servername] }, await acme.crypto.createPrivateEcdsaKey());
    const finalized = await client.finalizeOrder(placed, csr);
    return { cert: await client.getCertificate(finalized), privateKey: key.toString() };
  };

  return {
    order: async (request) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(
          () => reject(new OrderFault(`The authority did not finish the order within ${Math.round(timeoutMs / 1_000)} s`)),
          timeoutMs,
        );
      });
      try {
        return await Promise.race([order(request), late]);
      } catch (error) {
        throw error instanceof OrderFault ? error : new OrderFault(wordsOf(error), { cause: error });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function authorize(
  acme: typeof import('acme-client'),
  client: Client,
  authorization: Authorization,
  request: OrderRequest,
): Promise<void> {
  // From an order a short while ago.
  if (authorization.status === 'valid') return;
  const { servername, challenge: kind } = request;
  const wanted = authorization.challenges.find(({ type }) => type === kind);
  if (wanted === undefined) throw new OrderFault(`The authority does not offer ${kind} for ${servername}`);
  const keyAuthorization = await client.getChallengeKeyAuthorization(wanted);
  const made = kind === 'tls-alpn-01' ? await acme.crypto.createAlpnCertificate(authorization, keyAuthorization) : undefined;
  const alpn = made === undefined ? undefined : { key: made[0].toString(), cert: made[1].toString() };
  const challenge: Challenge = { kind, servername, token: wanted.token, keyAuthorization, alpn };
  try {
    await request.show(challenge);
    await client.completeChallenge(wanted);
    await client.waitForValidStatus(wanted);
  } finally {
    await request.hide(challenge);
  }
}

/** The authority's own explanation (RFC 8555 §6.7) where there is one. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'The order failed';
  const { response, code } = error as Error & { response?: { data?: { detail?: unknown } }; code?: unknown };
  if (typeof response?.data?.detail === 'string') return response.data.detail;
  return typeof code === 'string' && error.message === '' ? `The authority can’t be reached (${code})` : error.message;
}
