/**
 * The administrator's account: one file in the data directory's secrets, mode 0600, replaced whole.
 *
 * It keeps nothing that signs anybody in by being read, but for the TOTP secret, which the check needs as it is: the password as an argon2id hash,
 * recovery codes and the recovery key as hashes of long random texts, passkeys as public keys.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DEFAULT_ARGON2_COST, hashArgon2id, verifyArgon2 } from '../../../../server/auth/argon2.ts';
import { weaknessOf } from '../../../../server/auth/common-passwords.ts';
import { writePrivately } from '../../secrets.ts';

const passkeySchema = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  /** base64url of the COSE key. */
  publicKey: z.string(),
  counter: z.int(),
  transports: z.array(z.string()),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});
const schema = z.object({
  password: z.string().nullable().default(null),
  passwordChangedAt: z.iso.datetime().nullable().default(null),
  /** `lastStep`: the newest time step whose code was used; none is taken twice. */
  totp: z.object({ secret: z.string(), lastStep: z.int() }).nullable().default(null),
  recoveryCodes: z.array(z.string()).default([]),
  recoveryKey: z.object({ hash: z.string(), madeAt: z.iso.datetime() }).nullable().default(null),
  passkeys: z.array(passkeySchema).default([]),
});
export type AccountState = z.output<typeof schema>;
export type Passkey = z.output<typeof passkeySchema>;

/** The administrator guards everybody's mail: longer than what users need. */
export const minPasswordLength = 10;

export class AdminAccount {
  readonly #file: string;
  #state: AccountState;

  /** @throws when the file is damaged: an account that cannot be read must not become one without a password */
  constructor(file: string) {
    this.#file = file;
    this.#state = load(file);
  }

  get state(): AccountState {
    return this.#state;
  }

  change(part: Partial<AccountState>): void {
    const next = { ...this.#state, ...part };
    writePrivately(this.#file, `${JSON.stringify(next)}\n`);
    this.#state = next;
  }

  /** False also where there is no password. */
  async fits(password: string): Promise<boolean> {
    const stored = this.#state.password;
    return stored !== null && verifyArgon2(bytesOf(password), stored);
  }

  async setPassword(password: string): Promise<void> {
    const hash = await hashArgon2id(bytesOf(password), DEFAULT_ARGON2_COST);
    this.change({ password: hash, passwordChangedAt: new Date().toISOString() });
  }
}

/** Why a password will not do, in words; undefined when it will. */
export function passwordProblem(password: string): string | undefined {
  if (Array.from(password).length < minPasswordLength) return `It needs at least ${minPasswordLength} characters.`;
  return weaknessOf(password, ['mallard', 'mailserver', 'administrator']) === undefined
    ? undefined
    : 'It is one of the passwords that are tried first by everyone.';
}

/** The same characters typed on another system may come as other bytes. */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'));
}

function load(file: string): AccountState {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return schema.parse({});
    throw new Error(
      `The file of the administrator's account is damaged: ${file}. Remove it to begin anew; then set a password: mallard gui-password`,
      { cause: error },
    );
  }
}
