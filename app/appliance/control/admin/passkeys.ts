/**
 * Passkeys of the administrator (WebAuthn level 2): discoverable, with user verification, so that one is two factors and signs in without the
 * password. A passkey belongs to a host name; an IP address cannot have one. Challenges work once and for five minutes.
 */
import { isIP } from 'node:net';
import type { AuthenticationResponseJSON, AuthenticatorTransport, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { AdminAccount } from './account.ts';

/** Where the page stands that asks. */
export interface Site {
  /** The host name without port. */
  readonly host: string;
  readonly origin: string;
}

const challengeMs = 5 * 60_000;
const maxChallenges = 50;
const maxPasskeys = 20;
type Purpose = 'registration' | 'authentication';

export class Passkeys {
  readonly #account: AdminAccount;
  readonly #now: () => number;
  /** Challenge → what it is for and when it ends, in order of making. */
  readonly #challenges = new Map<string, { purpose: Purpose; host: string; until: number }>();

  constructor(account: AdminAccount, now: () => number = Date.now) {
    this.#account = account;
    this.#now = now;
  }

  has(host: string): boolean {
    return this.#account.state.passkeys.some((each) => each.host === host);
  }

  full(): boolean {
    return this.#account.state.passkeys.length >= maxPasskeys;
  }

  /** What the browser's navigator.credentials.create() takes, as JSON. */
  async askRegistration(site: Site): Promise<Record<string, unknown>> {
    const { generateRegistrationOptions } = await import('@simplewebauthn/server');
    const options = await generateRegistrationOptions({
      rpName: 'Mallard',
      rpID: site.host,
      userName: 'admin',
      userDisplayName: 'Mallard admin',
      userID: new TextEncoder().encode('mallard-admin'),
      attestationType: 'none',
      excludeCredentials: this.#account.state.passkeys.filter((each) => each.host === site.host).map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    this.#keep(options.challenge, 'registration', site.host);
    return { ...options };
  }

  /** False when the answer does not fit. */
  async register(name: string, response: Record<string, unknown>, site: Site): Promise<boolean> {
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    const challenge = challengeOf(response);
    if (challenge === undefined || !this.#take(challenge, 'registration', site.host)) return false;
    const result = await quietly(() =>
      verifyRegistrationResponse({
        response: response as unknown as RegistrationResponseJSON,
        expectedChallenge: challenge,
        expectedOrigin: site.origin,
        expectedRPID: site.host,
        requireUserVerification: true,
      }),
    );
    if (result?.verified !== true) return false;
    const { credential } = result.registrationInfo;
    const entry = {
      id: credential.id,
      name,
      host: site.host,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: [...(credential.transports ?? [])],
      createdAt: new Date(this.#now()).toISOString(),
      lastUsedAt: null,
    };
    this.#account.change({ passkeys: [...this.#account.state.passkeys.filter(({ id }) => id !== entry.id), entry] });
    return true;
  }

  /** What the browser's navigator.credentials.get() takes, as JSON. It names no passkey: who is not signed in learns of none. */
  async askAuthentication(site: Site): Promise<Record<string, unknown>> {
    const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
    const options = await generateAuthenticationOptions({ rpID: site.host, userVerification: 'required' });
    this.#keep(options.challenge, 'authentication', site.host);
    return { ...options };
  }

  /** The name of the passkey that answered; undefined when the answer does not fit. */
  async authenticate(response: Record<string, unknown>, site: Site): Promise<string | undefined> {
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    const challenge = challengeOf(response);
    const passkey = this.#account.state.passkeys.find(({ id, host }) => id === response['id'] && host === site.host);
    if (challenge === undefined || !this.#take(challenge, 'authentication', site.host) || passkey === undefined) return undefined;
    const result = await quietly(() =>
      verifyAuthenticationResponse({
        response: response as unknown as AuthenticationResponseJSON,
        expectedChallenge: challenge,
        expectedOrigin: site.origin,
        expectedRPID: site.host,
        requireUserVerification: true,
        credential: {
          id: passkey.id,
          publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
          counter: passkey.counter,
          transports: passkey.transports as AuthenticatorTransport[],
        },
      }),
    );
    if (result?.verified !== true) return undefined;
    const used = { ...passkey, counter: result.authenticationInfo.newCounter, lastUsedAt: new Date(this.#now()).toISOString() };
    this.#account.change({ passkeys: this.#account.state.passkeys.map((each) => (each.id === used.id ? used : each)) });
    return passkey.name;
  }

  #keep(challenge: string, purpose: Purpose, host: string): void {
    this.#challenges.set(challenge, { purpose, host, until: this.#now() + challengeMs });
    for (const oldest of this.#challenges.keys()) {
      if (this.#challenges.size <= maxChallenges) break;
      this.#challenges.delete(oldest);
    }
  }

  #take(challenge: string, purpose: Purpose, host: string): boolean {
    const found = this.#challenges.get(challenge);
    this.#challenges.delete(challenge);
    return found !== undefined && found.purpose === purpose && found.host === host && found.until > this.#now();
  }
}

/** Whether a page at this host can have passkeys at all. */
export function canHavePasskeys(host: string): boolean {
  return isIP(host) === 0 && (host === 'localhost' || host.includes('.'));
}

/** The challenge that the browser signed, out of its clientDataJSON. */
function challengeOf(response: Record<string, unknown>): string | undefined {
  const inner = response['response'] as { clientDataJSON?: unknown } | undefined;
  if (typeof inner?.clientDataJSON !== 'string') return undefined;
  try {
    const data = JSON.parse(Buffer.from(inner.clientDataJSON, 'base64url').toString()) as { challenge?: unknown };
    return typeof data.challenge === 'string' ? data.challenge : undefined;
  } catch {
    // No JSON: no answer to a question of ours.
    return undefined;
  }
}

/** The library throws for every kind of wrong answer; to whoever sent it they are all the same. */
async function quietly<T>(verify: () => Promise<T>): Promise<T | undefined> {
  try {
    return await verify();
  } catch {
    return undefined;
  }
}
