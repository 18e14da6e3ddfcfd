/** Application passwords of a user. */
import ipaddr from 'ipaddr.js';
import type { AppPassword } from '../../operations/accounts-app-passwords.ts';
import { InvalidInput } from '../../operations/refusal.ts';
import { type AppPasswordBody, appPasswords } from '../contract/app-passwords.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';
import { RefusalWithStatus } from '../faults.ts';

export function appPasswordRoutes({ config, store }: ApiContext): Route[] {
  const operations = store.accounts.appPasswords;
  return [
    route(appPasswords.list, async ({ input }) => ({ results: (await operations.list(input.user)).map(bodyOf) })),
    route(appPasswords.create, async ({ input, ip, session }) => {
      const { user, generateMobileconfig, ttl, networks, ...fields } = input;
      const scopes = new Set<string>(fields.scopes ?? ['*']);
      if (generateMobileconfig && !scopes.has('*') && !(scopes.has('smtp') && (scopes.has('imap') || scopes.has('pop3'))))
        throw new RefusalWithStatus(400, 'InvalidAuthScope', 'A profile needs the scope smtp, and imap or pop3');
      for (const network of networks ?? []) {
        if (!ipaddr.isValidCIDR(network)) throw new InvalidInput('networks', `${network} is no range of addresses`);
      }
      const made = await operations.create(
        user,
        { ...fields, networks, ttlMs: ttl === undefined ? undefined : ttl * 1_000 },
        { ip, session },
      );
      const { id, password, name, address, username } = made;
      if (!generateMobileconfig) return { id, password, name, address };
      const { mobileProfile } = await import('../mobile-profile.ts');
      const usePop3 = !scopes.has('*') && !scopes.has('imap');
      const profile = mobileProfile(config, { id, name, address, username, password, description: fields.description, usePop3 });
      return { id, password, name, address, mobileconfig: Buffer.from(profile).toString('base64') };
    }),
    route(appPasswords.get, async ({ input }) => bodyOf(await operations.get(input.user, input.asp))),
    route(appPasswords.remove, async ({ input, ip, session }) => {
      await operations.revoke(input.user, input.asp, { ip, session });
      return {};
    }),
  ];
}

function bodyOf({ id, description, scopes, lastUse, created, expires, networks }: AppPassword): AppPasswordBody {
  return {
    id,
    description,
    scopes: scopes.includes('*') ? ['*'] : [...scopes],
    lastUse: { time: lastUse?.time.toISOString() ?? false, event: lastUse?.event ?? false },
    created: created.toISOString(),
    ...defined({ expires: expires?.toISOString(), networks: networks === undefined ? undefined : [...networks] }),
  };
}
