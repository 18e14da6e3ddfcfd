/**
 * Looks at users' accounts elsewhere when they are due, some at a time. Any number of workers run one each: a lease lets one of them look at an account. An account that
 * does not work is tried ever less often; wrong passwords least, so that nobody is locked out by us.
 */
import { isFault } from '../../base/fault.ts';
import type { LeasedAccount } from '../../operations/external-accounts.ts';
import type { Account } from '../../operations/contract-accounts.ts';
import { fetchRound, type RoundParts, type RoundResult } from './round.ts';

export type FetchRunner = {
  /** Something may be due: look now. */
  readonly wake: () => void;
  /** Ends after the present messages, up to the grace. */
  readonly stop: (graceMs: number) => Promise<void>;
};

export type FetchRunnerParts = RoundParts & {
  /** Undefined while the user is not to get mail (disabled, deleted). */
  readonly accountOf: (user: string) => Promise<Account | undefined>;
  readonly random?: () => number;
};

/** After our own error (the database away), how long nothing is tried. */
const TROUBLE_MS = 5_000;
const SIGN_IN_BACKOFF_MS = 15 * 60_000;

export function startFetchRunner(parts: FetchRunnerParts): FetchRunner {
  const { config, accounts, log, now, random = Math.random } = parts;
  const { fetch: settings } = config;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let again = false;

  const later = (ms: number): void => {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    timer = setTimeout(wake, ms);
    timer.unref();
  };

  function wake(): void {
    if (stopping.signal.aborted) return;
    if (looking !== undefined) {
      again = true;
      return;
    }
    looking = look()
      .then(
        () => later(settings.pollMs),
        (error: unknown) => {
          if (isFault(error, 'UNAVAILABLE')) log.debug('fetching waits for the mail store', { error });
          else log.warn('accounts elsewhere can’t be read', { error });
          later(TROUBLE_MS);
        },
      )
      .finally(() => {
        looking = undefined;
        if (again) {
          again = false;
          wake();
        }
      });
  }

  async function look(): Promise<void> {
    while (!stopping.signal.aborted && running.size < settings.maxConcurrent) {
      const account = await accounts.lease(new Date(now()), settings.leaseMs);
      if (account === undefined) return;
      const work = serve(account)
        .catch((error: unknown) => log.warn('an account elsewhere could not be looked at', { account: account.id, error }))
        .finally(() => {
          running.delete(work);
          wake();
        });
      running.add(work);
    }
  }

  async function serve(account: LeasedAccount): Promise<void> {
    const user = await parts.accountOf(account.user);
    const result: RoundResult =
      user === undefined
        ? { fetched: 0, refused: 0, more: false, error: undefined, refusal: undefined }
        : await fetchRound(parts, account, user, stopping.signal);
    const at = new Date(now());
    const { error, refusal, fetched, refused } = result;
    if (fetched + refused > 0)
      log.info('fetched', { user: account.user, account: account.id, host: account.host, fetched, refused });
    await accounts.finish(account, {
      next: new Date(now() + delayOf(account, result)),
      fetched,
      refused,
      error: error === undefined ? undefined : { at, code: error.code, text: error.message },
      refusal: refusal === undefined ? undefined : { at, code: refusal.code, text: refusal.message },
    });
  }

  function delayOf({ intervalMs, failures }: LeasedAccount, { error, more }: RoundResult): number {
    if (error === undefined && more) return 0;
    const usual = Math.max(intervalMs, settings.minIntervalMs);
    const jitter = 0.9 + 0.2 * random();
    if (error === undefined) return usual * jitter;
    const longest = Math.max(usual, settings.maxBackoffMs);
    const first = error.code === 'signIn' ? Math.max(usual, Math.min(SIGN_IN_BACKOFF_MS, longest)) : usual;
    return Math.min(longest, first * 2 ** Math.min(failures, 20)) * jitter;
  }

  wake();
  return {
    wake,
    stop: async (graceMs) => {
      stopping.abort();
      clearTimeout(timer);
      let expire: NodeJS.Timeout | undefined;
      const grace = new Promise<void>((resolve) => {
        expire = setTimeout(resolve, graceMs).unref();
      });
      await Promise.race([Promise.allSettled([looking, ...running]), grace]);
      clearTimeout(expire);
    },
  };
}
