/**
 * The authentication log of each user: what was tried, how, from where. Equal events within an hour are counted in one record, so that a mail program that polls
 * every minute does not bury the rest. Written behind the answer; a log that can't be written never refuses a sign-in.
 */
import { createHash } from 'node:crypto';
import type { Stored } from '../store/records.ts';
import type { AuthEventFields } from '../store/types-accounts.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import type { AccountContext } from './accounts-context.ts';

export type AuthEvent = {
  readonly user: string;
  /** Such as `authentication`, `password change`. */
  readonly action: string;
  /** `success`, `fail`, or why. */
  readonly result: string;
  readonly protocol?: string | undefined;
  readonly requiredScope?: string | undefined;
  /** `master`, `asp`, … */
  readonly source?: string | undefined;
  readonly ip?: string | undefined;
  readonly session?: string | undefined;
  readonly appPassword?: { readonly id: string; readonly description: string } | undefined;
  readonly temporary?: boolean | undefined;
};

export type AuthLogQuery = PageRequest & { readonly action?: string | undefined; readonly ip?: string | undefined };

const HOUR = 60 * 60_000;
const LAST_SIGN_IN_STEP_MS = 5 * 60_000;
/** Writes under way; more events are only logged. */
const MAX_PENDING = 200;

export class AuthLog {
  readonly #context: Pick<AccountContext, 'tables' | 'defaults' | 'log' | 'now'>;
  readonly #pending = new Set<Promise<void>>();

  constructor(context: Pick<AccountContext, 'tables' | 'defaults' | 'log' | 'now'>) {
    this.#context = context;
  }

  record(event: AuthEvent): void {
    if (this.#pending.size >= MAX_PENDING) return;
    const write = this.#write(event)
      .catch((error: unknown) => this.#context.log.warn('authentication log', { error, user: event.user }))
      .finally(() => this.#pending.delete(write));
    this.#pending.add(write);
  }

  /** Newest first. */
  list(user: string, query: AuthLogQuery): Promise<Page<Stored<AuthEventFields>>> {
    const { action, ip, ...page } = query;
    return this.#context.tables.authEvents.page({ user, action, ip }, { ...page, descending: true });
  }

  /** Of all users, newest first. */
  listAll(query: AuthLogQuery & { readonly result?: string | undefined }): Promise<Page<Stored<AuthEventFields>>> {
    const { action, result, ip, ...page } = query;
    return this.#context.tables.authEvents.page({ action, result, ip }, { ...page, descending: true });
  }

  async get(user: string, id: string): Promise<Stored<AuthEventFields> | undefined> {
    return this.#context.tables.authEvents.findOne({ id, user });
  }

  /** Resolves when everything recorded so far is written: for tests and for stopping. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #write(event: AuthEvent): Promise<void> {
    const { tables, defaults, now } = this.#context;
    const at = now();
    const { user, action, result, protocol, requiredScope, source, ip, session, appPassword, temporary } = event;
    const what = [action, result, protocol, requiredScope, source, ip, appPassword?.id, Math.floor(at / HOUR)];
    const key = createHash('md5').update(JSON.stringify(what)).digest('hex');
    await tables.authEvents.upsert(
      { user, key },
      {
        set: {
          action,
          result,
          protocol: protocol ?? null,
          requiredScope: requiredScope ?? null,
          source: source ?? null,
          ip: ip ?? null,
          sess: session ?? null,
          asp: appPassword?.id ?? null,
          aname: appPassword?.description ?? null,
          ...(temporary === true ? { temporary } : {}),
          last: new Date(at),
          expires: new Date(at + defaults.authLogMs),
        },
        increment: { events: 1 },
      },
    );
    if (action === 'authentication' && result === 'success') await this.#cameIn(user, at);
  }

  /** A mail program that polls must not write the user's record each time. */
  async #cameIn(user: string, at: number): Promise<void> {
    const { users } = this.#context.tables;
    const due = [{ lastSignInMs: { exists: false } }, { lastSignInMs: { to: at - LAST_SIGN_IN_STEP_MS } }];
    await users.update({ id: user, or: due }, { set: { lastSignInMs: at } });
  }
}
