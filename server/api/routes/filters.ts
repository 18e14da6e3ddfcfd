/** Filters of users. */
import type { MailboxId, UserId } from '../../mail/ids.ts';
import { forwardTargets } from '../../operations/forward-targets.ts';
import { InvalidInput } from '../../operations/refusal.ts';
import { inOrder } from '../../operations/rule-book.ts';
import type { FilterAction, FilterFields, FilterQuery } from '../../store/types-flow.ts';
import { type ApiContext, asUser, defined, type Route, route } from '../context.ts';
import { filters } from '../contract/filters.ts';
import { narrowedTo } from '../access.ts';
import { refuse } from '../faults.ts';
import { expectMailbox } from './messages.ts';

type Filter = FilterFields & { readonly id: string; readonly created: Date };

export function filterRoutes(context: ApiContext): Route[] {
  const { operations, store } = context;
  const { accounts } = store;
  const { filters: records, books } = store.flow;

  const expect = async (user: string, filter: string): Promise<Filter> => {
    await accounts.users.expect(user);
    return (await records.findOne({ id: filter, user })) ?? missing();
  };
  const pathsOf = async (user: UserId): Promise<Map<string, string>> =>
    new Map((await operations.mailboxes.list(user)).map((info) => [info.id, info.path]));
  const checkedAction = async (user: string, input: ActionInput): Promise<Partial<Record<keyof FilterAction, unknown>>> => {
    if (typeof input.mailbox === 'string') await expectMailbox(context, asUser(user), input.mailbox as MailboxId);
    return {
      ...input,
      ...(input.targets === undefined ? {} : { targets: input.targets.length === 0 ? null : forwardTargets(input.targets) }),
    };
  };

  return [
    route(filters.listAll, async ({ input, actor }) => {
      const { forward, metaData, limit, next, previous, page } = input;
      const user = narrowedTo(actor, filters.listAll.access);
      const where = defined({ user, 'action.targets.value': forward === undefined ? undefined : { contains: forward } });
      const found = await records.page(where, { limit, next, previous });
      const results = await Promise.all(
        found.results.map(async (one) => ({
          ...listed(one, await pathsOf(asUser(one.user)), metaData === true),
          user: one.user,
          ...(one.action.targets === undefined ? {} : { targets: one.action.targets.map(({ value }) => value) }),
        })),
      );
      return { success: true, page, ...found, results };
    }),
    route(filters.list, async ({ input }) => {
      const user = await accounts.users.expect(input.user);
      const found = inOrder(await records.find({ user: input.user }, { sort: { id: 1 } }));
      const paths = await pathsOf(asUser(input.user));
      const allowed = user.filters > 0 ? user.filters : accounts.context.defaults.filters;
      return {
        success: true,
        limits: { allowed, used: found.length },
        results: found.map((one) => listed(one, paths, input.metaData === true)),
      };
    }),
    route(filters.order, async ({ input }) => {
      const { user, order } = input;
      await accounts.users.expect(user);
      const known = new Set((await records.find({ user })).map(({ id }) => id));
      if (order.length !== known.size || new Set(order).size !== order.length || !order.every((id) => known.has(id)))
        throw new InvalidInput('order', 'must name each filter of the user once');
      for (const [place, id] of order.entries()) await records.update({ id, user }, { set: { place } });
      books.forget(asUser(user));
      return { success: true };
    }),
    route(filters.create, async ({ input }) => {
      const { user, name, disabled, metaData } = input;
      const owner = await accounts.users.expect(user);
      const allowed = owner.filters > 0 ? owner.filters : accounts.context.defaults.filters;
      if ((await records.count({ user })) >= allowed) throw refuse('TooMany', `At most ${allowed} filters`);
      const query = merged<FilterQuery>({}, input.query);
      const action = merged<FilterAction>({}, await checkedAction(user, input.action));
      if (Object.keys(query).length === 0) throw new InvalidInput('query', 'Empty filter query');
      if (Object.keys(action).length === 0) throw new InvalidInput('action', 'Empty filter action');
      const made = await records.insert({ user, name: name ?? '', query, action, disabled, ...defined({ metaData }) });
      books.forget(asUser(user));
      return { success: true, id: made.id };
    }),
    route(filters.get, async ({ input }) => {
      const { id, name, created, query, action, disabled, metaData } = await expect(input.user, input.filter);
      const { from, to, subject, listId, text, ha, size } = query;
      const { seen, flag, delete: remove, spam, mailbox, targets, stop } = action;
      return {
        success: true,
        id,
        name,
        created: created.toISOString(),
        query: defined({ from, to, subject, listId, text, ha, size }),
        action: defined({ seen, flag, delete: remove, spam, mailbox, stop, targets: targets?.map(({ value }) => value) }),
        disabled,
        ...defined({ metaData: metaData as Record<string, unknown> | undefined }),
      };
    }),
    route(filters.update, async ({ input }) => {
      const { user, filter, name, disabled, metaData } = input;
      const known = await expect(user, filter);
      const query = input.query === undefined ? undefined : merged<FilterQuery>(known.query, input.query);
      const action =
        input.action === undefined ? undefined : merged<FilterAction>(known.action, await checkedAction(user, input.action));
      if (query !== undefined && Object.keys(query).length === 0) throw new InvalidInput('query', 'Empty filter query');
      await records.update({ id: filter, user }, { set: { name, query, action, disabled, metaData } });
      books.forget(asUser(user));
      return { success: true };
    }),
    route(filters.remove, async ({ input }) => {
      await expect(input.user, input.filter);
      await records.delete({ id: input.filter, user: input.user });
      books.forget(asUser(input.user));
      return { success: true };
    }),
  ];
}

type ActionInput = { readonly mailbox?: string | null | undefined; readonly targets?: readonly string[] | undefined };

function missing(): never {
  throw refuse('FilterNotFound', 'This filter does not exist');
}

/** Undefined stays, null and empty go. */
function merged<T extends object>(known: T, changes: object): T {
  const next = { ...known } as Record<string, unknown>;
  for (const [field, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    if (value === null || value === '') delete next[field];
    else next[field] = value;
  }
  return next as T;
}

function listed(filter: Filter, paths: ReadonlyMap<string, string>, withMetaData: boolean) {
  const { id, name, created, query, action, disabled, metaData } = filter;
  return {
    id,
    name,
    created: created.toISOString(),
    query: describeQuery(query),
    action: describeAction(action, paths),
    disabled,
    ...(withMetaData && metaData !== undefined ? { metaData } : {}),
  };
}

function describeQuery(query: FilterQuery): string[][] {
  const { from, to, subject, listId, text, ha, size } = query;
  const words: string[][] = [];
  for (const [name, value] of Object.entries({ from, to, subject, 'list id': listId, text }))
    if (value !== undefined) words.push([name, `(${value})`]);
  if (ha !== undefined) words.push([ha ? 'has attachment' : 'no attachments']);
  if (size !== undefined) words.push([size < 0 ? 'smaller' : 'larger', `${Math.abs(size)} bytes`]);
  return words;
}

function describeAction(action: FilterAction, paths: ReadonlyMap<string, string>): string[][] {
  const { seen, flag, delete: remove, spam, mailbox, targets, stop } = action;
  const words: string[][] = [];
  if (seen !== undefined) words.push([seen ? 'mark as read' : 'do not mark as read']);
  if (flag !== undefined) words.push([flag ? 'flag it' : 'do not flag it']);
  if (remove !== undefined) words.push([remove ? 'delete it' : 'do not delete it']);
  if (spam !== undefined) words.push([spam ? 'mark it as spam' : 'do not mark it as spam']);
  if (mailbox !== undefined) words.push(['move to folder', `"${paths.get(mailbox) ?? '?'}"`]);
  if (targets !== undefined) words.push(['forward to', targets.map(({ value }) => value).join(', ')]);
  if (stop === true) words.push(['stop here']);
  return words;
}
