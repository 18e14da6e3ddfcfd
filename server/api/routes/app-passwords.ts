/** Application passwords of a user. */
import ipaddr from 'ipaddr.js';
import type { AppPassword } from '../../operations/accounts-app-passwords.ts';
import { isFault } from '../../base/fault.ts';
import { InvalidInput } from '../../operations/refusal.ts';
import { waysOf } from '../client-setup.ts';
import { accountQr } from '../contract/account-qr.ts';
import { type AppPasswordBody, appPasswords } from '../contract/app-passwords.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';
import type { ProfileAccount } from '../mobile-profile.ts';
import { RefusalWithStatus } from '../faults.ts';

export function appPasswordRoutes({ config, store, ownCertificate, log }: ApiContext): Route[] {
  const operations = store.accounts.appPasswords;
  const profileFor = async (account: ProfileAccount): Promise<Buffer> => {
    const { mobileProfile, signedProfile } = await import('../mobile-profile.ts');
    const xml = mobileProfile(config, account);
    try {
      return await signedProfile(xml, (await store.certificates.pairOf(config.hostname)) ?? ownCertificate?.());
    } catch (error) {
      if (isFault(error)) throw error;
      // A key of a kind that can't sign: a device takes the profile all the same, and says that it is not signed.
      log.warn('a configuration profile could not be signed', { error });
      return signedProfile(xml, undefined);
    }
  };
  return [
    route(appPasswords.list, async ({ input }) => ({ results: (await operations.list(input.user)).map(bodyOf) })),
    route(appPasswords.create, async ({ input, ip, session }) => {
      const { user, generateMobileconfig, generateQr, ttl, networks, ...fields } = input;
      const scopes = new Set<string>(fields.scopes ?? ['*']);
      if (
        (generateMobileconfig || generateQr) &&
        !scopes.has('*') &&
        !(scopes.has('smtp') && (scopes.has('imap') || scopes.has('pop3')))
      )
        throw new RefusalWithStatus(400, 'InvalidAuthScope', 'A profile or a QR code needs the scope smtp, and imap or pop3');
      for (const network of networks ?? []) {
        if (!ipaddr.isValidCIDR(network)) throw new InvalidInput('networks', `${network} is no range of addresses`);
      }
      const made = await operations.create(
        user,
        { ...fields, networks, ttlMs: ttl === undefined ? undefined : ttl * 1_000 },
        { ip, session },
      );
      const { id, password, name, address, username } = made;
      const usePop3 = !scopes.has('*') && !scopes.has('imap');
      const account = { id, name, address, username, password, description: fields.description, usePop3 };
      return {
        id,
        password,
        name,
        address,
        ...(generateMobileconfig ? { mobileconfig: (await profileFor(account)).toString('base64') } : {}),
        ...(generateQr ? { qr: accountQr({ ...account, ...waysOf(config, usePop3), protocol: usePop3 ? 'pop3' : 'imap' }) } : {}),
      };
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
