/** Sieve scripts. */
import { compileScript } from '../../sieve/binder.ts';
import { SieveFault } from '../../sieve/fault.ts';
import { CAPABILITIES } from '../../sieve/specs.ts';
import { type ApiContext, asUser, type Route, route } from '../context.ts';
import { sieve } from '../contract/sieve.ts';
import { refuse } from '../faults.ts';

export function sieveRoutes({ store }: ApiContext): Route[] {
  const { sieve: scripts, accounts } = store;
  const { books } = store.flow;

  return [
    route(sieve.list, async ({ input }) => {
      await accounts.users.expect(input.user);
      const [found, trouble] = await Promise.all([scripts.list(input.user), scripts.trouble(input.user)]);
      return {
        success: true,
        results: found.map(({ name, active, sizeBytes, updated }) => ({
          name,
          active,
          size: sizeBytes,
          updated: updated.toISOString(),
        })),
        trouble: trouble === undefined ? null : { ...trouble, at: trouble.at.toISOString() },
        extensions: [...CAPABILITIES],
      };
    }),
    route(sieve.get, async ({ input }) => {
      const text = await scripts.get(input.user, input.script);
      const active = (await scripts.active(input.user))?.name === input.script;
      return { success: true, name: input.script, active, text };
    }),
    route(sieve.put, async ({ input }) => {
      const { user, script, text, active } = input;
      await accounts.users.expect(user);
      try {
        if (text !== undefined) await scripts.put(user, script, text);
      } catch (error) {
        if (error instanceof SieveFault) throw refuse('SieveError', `Line ${error.line}: ${error.message}`);
        throw error;
      }
      if (active === true) await scripts.activate(user, script);
      else if (active === false && (await scripts.active(user))?.name === script) await scripts.activate(user, undefined);
      else if (text === undefined) await scripts.get(user, script);
      books.forget(asUser(user));
      return { success: true };
    }),
    route(sieve.check, async ({ input }) => {
      await accounts.users.expect(input.user);
      try {
        compileScript(input.text);
        return { success: true, valid: true };
      } catch (error) {
        if (!(error instanceof SieveFault)) throw error;
        return { success: true, valid: false, line: error.line, problem: error.message };
      }
    }),
    route(sieve.remove, async ({ input }) => {
      await scripts.remove(input.user, input.script);
      return { success: true };
    }),
  ];
}
