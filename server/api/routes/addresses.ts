/** Addresses of users, and forwarding ones. */
import type { UserAddress } from '../../operations/accounts-addresses.ts';
import type { Address } from '../../operations/accounts-lookup.ts';
import type { AutoreplyFields } from '../../store/types-accounts.ts';
import { addresses, type ForwarderBody, type ListedAddress, type UserAddressBody } from '../contract/addresses.ts';
import { narrowedTo } from '../access.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';

const DAY_MS = 86_400_000;

export function addressRoutes({ store }: ApiContext): Route[] {
  const { addresses: operations, context } = store.accounts;
  const usedForwards = (one: Address): Promise<number> => store.usage.used(one.id, 'forwards', DAY_MS);
  const allowedForwards = (one: Address): number =>
    one.forwards !== undefined && one.forwards > 0 ? one.forwards : context.defaults.forwards;

  return [
    route(addresses.list, async ({ input, actor }) => {
      const { query, page, metaData, internalData, forward, tags, requiredTags, limit, next, previous } = input;
      const found = await operations.list({
        query,
        forward,
        ...defined({ tags, requiredTags }),
        user: narrowedTo(actor, addresses.list.access),
        ...(actor.role === 'manager' ? { domains: actor.domains } : {}),
        limit,
        next,
        previous,
      });
      const results = found.results.map((one) => ({ ...listed(one), ...extra(one, metaData === true, internalData === true) }));
      return { ...defined({ query }), page, ...found, results };
    }),
    route(addresses.resolve, async ({ input }) => {
      const found = await operations.resolve(input.address, input.allowWildcard === true);
      const basics = { id: found.id, address: found.address, tags: [...found.tags] };
      const name = { name: nameOf(found), created: found.created.toISOString(), ...extra(found, true, true) };
      if (found.user !== undefined) return { ...basics, ...name, user: found.user };
      return { ...forwarder(found, allowedForwards(found), await usedForwards(found)) };
    }),
    route(addresses.renameDomain, async ({ input }) => {
      const moved = await operations.renameDomain(input.oldDomain, input.newDomain);
      return {
        modifiedAddresses: moved.addresses,
        modifiedUsers: moved.users,
        modifiedDkim: 0,
        modifiedAliases: moved.aliases,
      };
    }),
    route(addresses.createForwarder, async ({ input }) => {
      const { autoreply, ...fields } = input;
      return { id: await operations.addForwarder({ ...fields, autoreply: autoreplyOf(autoreply) }) };
    }),
    route(addresses.getForwarder, async ({ input }) => {
      const found = await operations.getForwarder(input.address);
      return { ...forwarder(found, allowedForwards(found), await usedForwards(found)) };
    }),
    route(addresses.updateForwarder, async ({ input }) => {
      const { id, autoreply, ...changes } = input;
      await operations.updateForwarder(id, { ...changes, autoreply: autoreplyOf(autoreply) });
      return {};
    }),
    route(addresses.removeForwarder, async ({ input }) => {
      await operations.removeForwarder(input.address);
      return {};
    }),
    route(addresses.ofUser, async ({ input }) => {
      const found = await operations.ofUser(input.user);
      const { metaData, internalData } = input;
      return {
        results: found.map((one) => ({ ...ofUser(one), ...extra(one, metaData === true, internalData === true) })),
      };
    }),
    route(addresses.create, async ({ input }) => {
      const { user, ...address } = input;
      return { id: await operations.add(user, address) };
    }),
    route(addresses.get, async ({ input }) => {
      const found = await operations.get(input.user, input.address);
      return { ...ofUser(found), ...extra(found, true, true) };
    }),
    route(addresses.update, async ({ input, actor }) => {
      const { user, id, name, address, main, tags, metaData, internalData } = input;
      // Tags and internal data are the administrator's.
      await operations.update(
        user,
        id,
        actor.role === 'user' ? { name, address, main, metaData } : { name, address, main, tags, metaData, internalData },
      );
      return {};
    }),
    route(addresses.remove, async ({ input }) => {
      await operations.remove(input.user, input.address);
      return {};
    }),
  ];
}

function nameOf(address: Address): string | false {
  return address.name === '' ? false : address.name;
}

function extra(address: Address, metaData: boolean, internalData: boolean): Pick<ListedAddress, 'metaData' | 'internalData'> {
  return {
    ...(metaData && address.metaData !== undefined ? { metaData: address.metaData } : {}),
    ...(internalData && address.internalData !== undefined ? { internalData: address.internalData } : {}),
  };
}

function targetsOf(address: Address): string[] {
  return (address.targets ?? []).map((target) => target.value);
}

function listed(address: Address): ListedAddress {
  const { id, address: shown, user, targets, forwardedDisabled } = address;
  const basics = { id, name: nameOf(address), address: shown, tags: [...address.tags] };
  if (user !== undefined) return { ...basics, user, forwarded: false };
  return {
    ...basics,
    forwarded: targets !== undefined,
    forwardedDisabled: forwardedDisabled === true,
    targets: targetsOf(address),
  };
}

function ofUser(address: UserAddress): UserAddressBody {
  const { id, address: shown, main, created, tags } = address;
  return { id, name: nameOf(address), address: shown, main, created: created.toISOString(), tags: [...tags] };
}

function forwarder(address: Address, allowed: number, used: number): ForwarderBody {
  const { id, address: shown, autoreply, tags, created, forwardedDisabled } = address;
  return {
    id,
    name: nameOf(address),
    address: shown,
    targets: targetsOf(address),
    limits: { forwards: { allowed, used, ttl: false } },
    autoreply: shownAutoreply(autoreply),
    tags: [...tags],
    created: created.toISOString(),
    forwardedDisabled: forwardedDisabled === true,
    ...extra(address, true, true),
  };
}

function shownAutoreply(autoreply: AutoreplyFields | undefined): ForwarderBody['autoreply'] {
  if (autoreply === undefined) return { status: false };
  const { status, name, subject, text, html, start, end } = autoreply;
  const day = (date: Date | null | undefined): string | undefined => date?.toISOString();
  return { status, ...defined({ name, subject, text, html, start: day(start), end: day(end) }) };
}

type AutoreplyInput = {
  readonly status?: boolean | undefined;
  readonly name?: string | undefined;
  readonly subject?: string | undefined;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly start?: Date | false | undefined;
  readonly end?: Date | false | undefined;
};

function autoreplyOf(input: AutoreplyInput | undefined): AutoreplyFields | undefined {
  if (input === undefined) return undefined;
  const { status = true, start, end, ...texts } = input;
  return { status, ...defined(texts), ...defined({ start: start === false ? null : start, end: end === false ? null : end }) };
}
