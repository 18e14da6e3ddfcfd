/** Access tokens, and bans after wrong passwords. */
import { InvalidInput } from '../../operations/refusal.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';
import { bans, tokens } from '../contract/tokens.ts';
import { refuse } from '../faults.ts';
import { asciiDomain } from '../manager.ts';

export function tokenRoutes({ store }: ApiContext): Route[] {
  const { tokens: operations, context } = store.accounts;
  return [
    route(tokens.create, async ({ input }) => {
      const { role, user, description, ttl, grants } = input;
      const domains = (input.domains ?? []).map(asciiDomain);
      if (domains.includes('')) throw new InvalidInput('domains', 'must be names of domains');
      if (role === 'manager' && domains.length === 0) throw new InvalidInput('domains', 'are required for this role');
      if (role === 'user' && user === undefined) throw new InvalidInput('user', 'is required for this role');
      if (role === 'custom' && (grants ?? []).length === 0) throw new InvalidInput('grants', 'are required for this role');
      const made = await operations.create({
        role,
        user,
        description,
        grants,
        domains: role === 'manager' ? domains : undefined,
        ttlMs: ttl === undefined ? undefined : ttl * 1000,
      });
      return { success: true, ...made };
    }),
    route(tokens.list, async ({ input }) => {
      const found = await operations.list({ user: input.user, role: input.role });
      const results = found.map(({ id, role, user, description, created, lastUse, expires }) => ({
        id,
        role,
        description,
        created: created.toISOString(),
        ...defined({ user, lastUse: lastUse?.toISOString(), expires: expires?.toISOString() }),
      }));
      return { success: true, results };
    }),
    route(tokens.revoke, async ({ input }) => {
      if (!(await operations.revoke(input.token))) throw refuse('InvalidToken', 'There is no such token');
      return { success: true };
    }),
    route(bans.list, () => ({
      success: true,
      results: context.limiter
        .bans()
        .map(({ key, reason, since, until }) => ({ key, reason, since: since.toISOString(), until: until.toISOString() })),
    })),
    route(bans.remove, async ({ input }) => ({ success: true, removed: await context.limiter.unban(input.key) })),
  ];
}
