/**
 * The administrator's way in, put together: link, password with second factor, passkey, recovery key; and what a person may change about them.
 *
 * Every way that can be guessed passes `Patience`. What was tried and by whom is told to `onAct`, for the log. Whoever changes what guards the account
 * gives the present password again: a browser that was left open is not enough.
 */
import { Gate } from '../../../../server/auth/gate.ts';
import type { Access, SignInMethod } from '../contract-access.ts';
import { ControlFault } from '../fault.ts';
import type { Session, Sessions } from '../sessions.ts';
import type { Source } from '../source.ts';
import { type AdminAccount, passwordProblem } from './account.ts';
import { canHavePasskeys, Passkeys } from './passkeys.ts';
import { Patience } from './patience.ts';
import { findHash, hashOf, makeRecoveryCodes, makeRecoveryKey } from './recovery.ts';
import { newTotp, tryTotp } from './totp.ts';

export interface AdminAct {
  readonly act: string;
  readonly ok: boolean;
  readonly address: string;
  readonly method?: string;
}

export interface AdminAccessOptions {
  readonly account: AdminAccount;
  readonly sessions: Sessions;
  readonly onAct: (act: AdminAct) => void;
  readonly now?: () => number;
}

/** Passwords checked at once, and requests that may wait for it: each check takes 19 MB. */
const checks = { parallel: 2, waiting: 20 };
const totpSetUpMs = 15 * 60_000;

export class AdminAccess {
  readonly #account: AdminAccount;
  readonly #sessions: Sessions;
  readonly #onAct: (act: AdminAct) => void;
  readonly #now: () => number;
  /** One for each thing that is guessed: a right password must not forgive wrong codes. */
  readonly #patience = new Map<string, Patience>();
  readonly #passkeys: Passkeys;
  readonly #gate = new Gate(checks);
  /** A secret that was shown and waits for its first code. */
  #pendingTotp: { secret: string; until: number } | undefined;

  constructor(options: AdminAccessOptions) {
    this.#account = options.account;
    this.#sessions = options.sessions;
    this.#onAct = options.onAct;
    this.#now = options.now ?? Date.now;
    this.#passkeys = new Passkeys(options.account, this.#now);
  }

  info(source: Source): { here: boolean; passwordSet: boolean; passkey: boolean } {
    return {
      here: source.here,
      passwordSet: this.#account.state.password !== null,
      passkey: this.#passkeys.has(source.host),
    };
  }

  /** @returns the Set-Cookie value */
  signInByLink(link: string, source: Source): string {
    if (!source.here)
      throw new ControlFault(403, 'OnlyHere', 'A sign-in link works only on the computer itself. Use the password.');
    if (!this.#sessions.takeLink(link)) {
      this.#onAct({ act: 'sign in', ok: false, method: 'link', address: source.address });
      throw new ControlFault(401, 'Unauthorized', 'This sign-in link was used or is too old. "mallard gui" prints a new one.');
    }
    return this.#begin('link', source);
  }

  /** The Set-Cookie value, or undefined when the password is right and a code is needed. */
  async signInByPassword(password: string, code: string | undefined, source: Source): Promise<string | undefined> {
    if (this.#account.state.password === null)
      throw new ControlFault(
        403,
        'NoPassword',
        'There is no password yet. Set one on the computer itself: in the GUI under Security, or with "mallard gui-password".',
      );
    await this.#guarded('password', source, 'WrongPassword', 'This password is not right.', () => this.#fits(password));
    if (this.#account.state.totp === null) return this.#begin('password', source);
    if (code === undefined || code.trim() === '') return undefined;
    await this.#guarded('code', source, 'WrongCode', 'This code is not right, or was used already.', () => this.#takeCode(code));
    return this.#begin('password', source);
  }

  async askPasskey(source: Source): Promise<Record<string, unknown>> {
    this.#expectName(source);
    return this.#passkeys.askAuthentication(source);
  }

  async signInByPasskey(response: Record<string, unknown>, source: Source): Promise<string> {
    await this.#guarded('passkey', source, 'Unauthorized', 'This passkey does not open Mallard.', async () => {
      return (await this.#passkeys.authenticate(response, source)) !== undefined;
    });
    return this.#begin('passkey', source);
  }

  async recover(key: string, password: string, source: Source): Promise<string> {
    expectGood(password);
    await this.#guarded('recovery key', source, 'WrongCode', 'This recovery key is not right.', async () => {
      const kept = this.#account.state.recoveryKey;
      return kept !== null && findHash(key, [kept.hash]) === 0;
    });
    await this.#account.setPassword(password);
    this.#account.change({ recoveryKey: null, totp: null, recoveryCodes: [], passkeys: [] });
    this.#sessions.endOthers(undefined);
    return this.#begin('recovery', source);
  }

  describe(source: Source, current: Session | undefined): Access {
    const { state } = this.#account;
    return {
      passwordSet: state.password !== null,
      passwordChangedAt: state.passwordChangedAt,
      totp: state.totp !== null,
      recoveryCodesLeft: state.recoveryCodes.length,
      recoveryKeyMadeAt: state.recoveryKey?.madeAt ?? null,
      passkeysPossible: canHavePasskeys(source.host),
      passkeys: state.passkeys.map(({ id, name, host, createdAt, lastUsedAt }) => ({ id, name, host, createdAt, lastUsedAt })),
      sessions: this.#sessions.list().map(({ id, method, address, browser, createdAt, seenAt }) => ({
        id,
        current: id === current?.id,
        method,
        address,
        browser,
        createdAt: new Date(createdAt).toISOString(),
        seenAt: new Date(seenAt).toISOString(),
      })),
    };
  }

  async changePassword(given: string | undefined, password: string, source: Source, session: Session | undefined): Promise<void> {
    if (this.#account.state.password !== null) await this.#expectCurrent(given ?? '', source);
    // Before there is a password the link alone has opened: nobody else can have.
    else if (!source.here) throw new ControlFault(403, 'OnlyHere', 'The first password is set on the computer itself.');
    expectGood(password);
    await this.#account.setPassword(password);
    this.#sessions.endOthers(session?.id);
    this.#told('change password', source);
  }

  /** For who has the token: the machine's own user. */
  async resetPassword(password: string, keepSecondFactor: boolean, source: Source): Promise<void> {
    expectGood(password);
    await this.#account.setPassword(password);
    if (!keepSecondFactor) this.#account.change({ totp: null, recoveryCodes: [], passkeys: [] });
    this.#sessions.endOthers(undefined);
    this.#told('reset password', source);
  }

  async beginTotp(given: string, source: Source): Promise<{ secret: string; uri: string }> {
    await this.#expectCurrent(given, source);
    const made = await newTotp(source.host);
    this.#pendingTotp = { secret: made.secret, until: this.#now() + totpSetUpMs };
    return made;
  }

  /** @returns the recovery codes, which are shown this once */
  async confirmTotp(code: string, source: Source): Promise<string[]> {
    const pending = this.#pendingTotp;
    if (pending === undefined || pending.until < this.#now())
      throw new ControlFault(400, 'BadRequest', 'The set-up of the code has taken too long. Begin again.');
    const step = await tryTotp(pending.secret, code, 0, this.#now());
    if (step === undefined)
      throw new ControlFault(
        400,
        'WrongCode',
        'This code does not fit. See whether the clocks of the phone and of this computer go right.',
      );
    this.#pendingTotp = undefined;
    const codes = makeRecoveryCodes();
    this.#account.change({ totp: { secret: pending.secret, lastStep: step }, recoveryCodes: codes.map(hashOf) });
    this.#told('turn on codes', source);
    return codes;
  }

  async turnOffTotp(given: string, source: Source): Promise<void> {
    await this.#expectCurrent(given, source);
    this.#account.change({ totp: null, recoveryCodes: [] });
    this.#told('turn off codes', source);
  }

  async makeRecoveryCodes(given: string, source: Source): Promise<string[]> {
    await this.#expectCurrent(given, source);
    if (this.#account.state.totp === null)
      throw new ControlFault(400, 'BadRequest', 'Recovery codes stand in for the codes of an app, which are not turned on.');
    const codes = makeRecoveryCodes();
    this.#account.change({ recoveryCodes: codes.map(hashOf) });
    this.#told('make recovery codes', source);
    return codes;
  }

  async makeRecoveryKey(given: string, source: Source): Promise<string> {
    await this.#expectCurrent(given, source);
    const key = makeRecoveryKey();
    this.#account.change({ recoveryKey: { hash: hashOf(key), madeAt: new Date(this.#now()).toISOString() } });
    this.#told('make recovery key', source);
    return key;
  }

  async askPasskeyRegistration(given: string, source: Source): Promise<Record<string, unknown>> {
    this.#expectName(source);
    await this.#expectCurrent(given, source);
    if (this.#passkeys.full()) throw new ControlFault(400, 'TooMany', 'There are too many passkeys. Remove one first.');
    return this.#passkeys.askRegistration(source);
  }

  async addPasskey(name: string, response: Record<string, unknown>, source: Source): Promise<void> {
    if (!(await this.#passkeys.register(name, response, source)))
      throw new ControlFault(400, 'BadRequest', 'The passkey could not be registered. Begin again.');
    this.#told('add passkey', source);
  }

  removePasskey(id: string, source: Source): void {
    const { passkeys } = this.#account.state;
    if (!passkeys.some((each) => each.id === id)) throw new ControlFault(404, 'NotFound', 'There is no such passkey.');
    this.#account.change({ passkeys: passkeys.filter((each) => each.id !== id) });
    this.#told('remove passkey', source);
  }

  endSession(id: string, source: Source): void {
    if (!this.#sessions.end(id)) throw new ControlFault(404, 'NotFound', 'There is no such session.');
    this.#told('end session', source);
  }

  #begin(method: SignInMethod, source: Source): string {
    this.#onAct({ act: 'sign in', ok: true, method, address: source.address });
    return this.#sessions.begin(method, source);
  }

  #told(act: string, source: Source): void {
    this.#onAct({ act, ok: true, address: source.address });
  }

  #expectName(source: Source): void {
    if (!canHavePasskeys(source.host))
      throw new ControlFault(
        400,
        'BadRequest',
        'Passkeys belong to a name. Open this page by the name of the server instead of its address.',
      );
  }

  async #expectCurrent(given: string, source: Source): Promise<void> {
    if (this.#account.state.password === null) throw new ControlFault(400, 'NoPassword', 'Set a password first: it guards this.');
    await this.#guarded('password', source, 'WrongPassword', 'The present password is not right.', () => this.#fits(given));
  }

  #fits(password: string): Promise<boolean> {
    if (this.#gate.waiting >= checks.waiting)
      throw new ControlFault(503, 'TooMany', 'Too many sign-ins at once. Try again in a moment.');
    return this.#gate.run(() => this.#account.fits(password));
  }

  /** A code of the app, or one of the recovery codes, which is used up by it. */
  async #takeCode(code: string): Promise<boolean> {
    const { totp, recoveryCodes } = this.#account.state;
    if (totp === null) return true;
    const step = await tryTotp(totp.secret, code, totp.lastStep, this.#now());
    if (step !== undefined) {
      this.#account.change({ totp: { ...totp, lastStep: step } });
      return true;
    }
    const at = findHash(code, recoveryCodes);
    if (at < 0) return false;
    this.#account.change({ recoveryCodes: recoveryCodes.filter((_, index) => index !== at) });
    return true;
  }

  /** One try that can be guessed. @throws ControlFault when it fails, and while the address has to wait */
  async #guarded(
    method: 'password' | 'code' | 'passkey' | 'recovery key',
    source: Source,
    code: 'WrongPassword' | 'WrongCode' | 'Unauthorized',
    words: string,
    check: () => Promise<boolean>,
  ): Promise<void> {
    const patience = this.#patience.get(method) ?? new Patience(this.#now);
    this.#patience.set(method, patience);
    const waitMs = patience.waitMs(source.address);
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      throw new ControlFault(429, 'TooMany', `Too many wrong tries. Try again in ${seconds} s.`, String(seconds));
    }
    // Counted before the check, so that tries at the same time do not slip through together.
    patience.failed(source.address);
    if (await check()) {
      patience.succeeded(source.address);
      return;
    }
    this.#onAct({ act: 'sign in', ok: false, method, address: source.address });
    throw new ControlFault(code === 'Unauthorized' ? 401 : 403, code, words);
  }
}

function expectGood(password: string): void {
  const problem = passwordProblem(password);
  if (problem !== undefined) throw new ControlFault(400, 'WeakPassword', problem);
}
