/** Accounts elsewhere. */
import { FetchFault } from '../../delivery/fetch/failure.ts';
import { hostPolicyOf, locate } from '../../delivery/fetch/remote-host.ts';
import type { MailboxId } from '../../mail/ids.ts';
import type { ExternalAccount } from '../../operations/external-accounts.ts';
import type { FetchFailure } from '../../store/types-external.ts';
import { type ApiContext, asUser, defined, type Route, route } from '../context.ts';
import { external } from '../contract/external.ts';
import { refuse } from '../faults.ts';
import { expectMailbox } from './messages.ts';

const PORTS = { imap: { implicit: 993, starttls: 143, none: 143 }, pop3: { implicit: 995, starttls: 110, none: 110 } } as const;

export function externalRoutes(context: ApiContext): Route[] {
  const { store, config } = context;
  const { external: accounts } = store;
  const { users } = store.accounts;

  /** What can be told at once is told at once. A name that is not known today may be tomorrow. */
  const checkHost = async (host: string, port: number): Promise<void> => {
    try {
      await locate(host, port, hostPolicyOf(config));
    } catch (error) {
      if (error instanceof FetchFault && error.code !== 'dns') throw refuse('ExternalHostRefused', error.message);
      if (!(error instanceof FetchFault)) throw error;
    }
  };
  const checkMailbox = async (user: string, mailbox: string | null | undefined): Promise<void> => {
    if (typeof mailbox === 'string') await expectMailbox(context, asUser(user), mailbox as MailboxId);
  };

  return [
    route(external.list, async ({ input }) => {
      await users.expect(input.user);
      return { success: true, results: (await accounts.list(input.user)).map(shown) };
    }),
    route(external.create, async ({ input }) => {
      const { user, kind, host, tls, username, password, keep, keepDays, enabled, verifyCertificate } = input;
      await users.expect(user);
      const port = input.port ?? PORTS[kind][tls];
      await checkHost(host, port);
      await checkMailbox(user, input.mailbox);
      const made = await accounts.create(
        user,
        {
          kind,
          host,
          port,
          tls,
          verifyCertificate,
          username,
          password,
          keep,
          keepDays,
          enabled,
          folder: kind === 'imap' ? (input.folder ?? 'INBOX') : '',
          mailbox: input.mailbox ?? undefined,
          intervalMs: input.interval * 1_000,
        },
        config.fetch.maxPerUser,
      );
      context.wakeFetching?.();
      return { success: true, id: made.id };
    }),
    route(external.get, async ({ input }) => ({ success: true, ...shown(await accounts.expect(input.user, input.account)) })),
    route(external.update, async ({ input }) => {
      const { user, account, sess: _sess, ip: _ip, interval, ...changes } = input;
      const known = await accounts.expect(user, account);
      if (changes.host !== undefined || changes.port !== undefined) {
        await checkHost(changes.host ?? known.host, changes.port ?? known.port);
      }
      await checkMailbox(user, changes.mailbox);
      await accounts.change(
        user,
        account,
        defined({ ...changes, intervalMs: interval === undefined ? undefined : interval * 1_000 }),
      );
      context.wakeFetching?.();
      return { success: true };
    }),
    route(external.remove, async ({ input }) => {
      await accounts.remove(input.user, input.account);
      return { success: true };
    }),
    route(external.fetch, async ({ input }) => {
      await accounts.fetchNow(input.user, input.account);
      context.wakeFetching?.();
      return { success: true };
    }),
  ];
}

/** Without the password. */
function shown(account: ExternalAccount) {
  return {
    id: account.id,
    kind: account.kind,
    host: account.host,
    port: account.port,
    tls: account.tls,
    verifyCertificate: account.verifyCertificate,
    username: account.username,
    folder: account.folder,
    mailbox: account.mailbox ?? null,
    keep: account.keep,
    keepDays: account.keepDays,
    interval: Math.round(account.intervalMs / 1_000),
    enabled: account.enabled,
    created: account.created.toISOString(),
    state: stateOf(account),
    next: account.next.toISOString(),
    lastTry: account.lastTry?.toISOString() ?? null,
    lastSuccess: account.lastSuccess?.toISOString() ?? null,
    lastError: told(account.lastError),
    fetched: account.fetched,
    refused: account.refused,
    lastRefusal: told(account.lastRefusal),
  };
}

function stateOf({ enabled, lease, next, lastError }: ExternalAccount): 'off' | 'waiting' | 'fetching' | 'failing' {
  if (!enabled) return 'off';
  if (lease !== undefined && next.getTime() > Date.now()) return 'fetching';
  return lastError === undefined ? 'waiting' : 'failing';
}

function told(failure: FetchFailure | undefined): { at: string; code: FetchFailure['code']; text: string } | null {
  return failure === undefined ? null : { at: failure.at.toISOString(), code: failure.code, text: failure.text };
}
