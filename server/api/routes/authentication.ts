/** Passwords checked for others, tokens given, and the log of all that. */
import { isClosed } from '../../operations/accounts-context.ts';
import { findSignInUser } from '../../operations/accounts-lookup.ts';
import type { SignIn } from '../../operations/accounts-sign-in.ts';
import { SECOND_FACTOR_GRANT, SECOND_FACTOR_MS } from '../../operations/accounts-tokens.ts';
import { authentication } from '../contract/authentication.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';
import { refuse } from '../faults.ts';

export function authenticationRoutes({ store }: ApiContext): Route[] {
  const { accounts } = store;
  const failed = (): Error => refuse('AuthFailed', 'Authentication failed');

  return [
    route(authentication.authenticate, async ({ input, ip, session }) => {
      const { username, password, scope, protocol } = input;
      const result = await accounts.signIn({ username, password, scope, protocol, ip, session });
      if (!result.ok) throw refusalOf(result);
      const { user } = result;
      // Before the second factor the token is good for showing it, and for nothing else.
      const pending = result.require2fa.length > 0;
      const waiting = { role: 'custom' as const, grants: [SECOND_FACTOR_GRANT], ttlMs: SECOND_FACTOR_MS };
      const full = { role: 'user' as const, ttlMs: accounts.context.defaults.tokenTtlMs };
      const token = input.token
        ? await accounts.tokens.create({ ...(pending ? waiting : full), user: user.id, description: protocol })
        : undefined;
      return {
        id: user.id,
        username: user.username,
        address: user.address,
        scope,
        require2fa: pending ? [...result.require2fa] : (false as const),
        requirePasswordChange: result.requirePasswordChange,
        ...(token === undefined ? {} : { token: token.token }),
      };
    }),
    route(authentication.preauth, async ({ input }) => {
      const user = await findSignInUser(accounts.context, input.username);
      if (user === undefined || isClosed(user)) throw failed();
      if (input.scope !== 'master' && user.disabledScopes.includes(input.scope))
        throw refuse('InvalidAuthScope', 'This scope is switched off');
      const { id, username, address, enabled2fa } = user;
      const require2fa = enabled2fa.length > 0 ? [...enabled2fa] : (false as const);
      return { id, username, address, scope: input.scope, require2fa };
    }),
    route(authentication.signOut, async ({ actor }) => {
      if (actor.token === undefined) throw refuse('InvalidToken', 'Only a token that was issued can be revoked');
      await accounts.tokens.revoke(actor.token);
      return {};
    }),
    route(authentication.log, async ({ input }) => {
      await accounts.users.expect(input.user);
      const { user, action, filterip, limit, next, previous, page } = input;
      const found = await accounts.authLog.list(user, { action, ip: filterip, limit, next, previous });
      return { ...defined({ action }), page, ...found, results: found.results.map(eventBody) };
    }),
    route(authentication.everybody, async ({ input }) => {
      const { action, result, filterip, limit, next, previous, page } = input;
      const found = await accounts.authLog.listAll({ action, result, ip: filterip, limit, next, previous });
      const names = new Map<string, string | null>();
      for (const { user } of found.results)
        if (!names.has(user)) names.set(user, (await accounts.users.get(user))?.username ?? null);
      const results = found.results.map((event) => ({
        ...eventBody(event),
        user: event.user,
        username: names.get(event.user) ?? null,
      }));
      return { page, ...found, results };
    }),
    route(authentication.event, async ({ input }) => {
      await accounts.users.expect(input.user);
      const event = await accounts.authLog.get(input.user, input.event);
      if (event === undefined) throw refuse('EventNotFound', 'This event does not exist');
      return { ...eventBody(event) };
    }),
  ];
}

type Event = NonNullable<Awaited<ReturnType<ApiContext['store']['accounts']['authLog']['get']>>>;

function eventBody(event: Event) {
  const { id, action, result, key, sess, ip, created, protocol, requiredScope, source, asp, aname, temporary } = event;
  return {
    id,
    action,
    result,
    key,
    sess,
    ip,
    created: created.toISOString(),
    protocol,
    requiredScope,
    source,
    ...defined({ asp, aname, temporary }),
    last: event.last.toISOString(),
    events: event.events,
    expires: event.expires.toISOString(),
  };
}

function refusalOf(failure: Extract<SignIn, { ok: false }>): Error {
  switch (failure.reason) {
    case 'limit':
      return refuse('RateLimitedError', 'Too many failed sign-ins. Try again later.');
    case 'scope':
    case 'second-factor':
    case 'network':
      return refuse('InvalidAuthScope', 'The password is not for this scope');
    case 'not-yet':
      return refuse('TempPasswordNotYetValid', `This password is valid from ${failure.validAfter?.toISOString() ?? 'later'}`);
    default:
      return refuse('AuthFailed', 'Authentication failed');
  }
}
