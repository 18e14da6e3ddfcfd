/**
 * GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208). Every user has one quota root over all mailboxes, with STORAGE and MESSAGE. One's own is called `""`, that of another
 * user, whose shared mailboxes it is for, `#user/NAME`. Administrators see and set any.
 */
import { nonexistent, refused } from '../../../base/fault.ts';
import type { UserId } from '../../../mail/ids.ts';
import { SEPARATOR } from '../../../mail/mailbox-path.ts';
import { isAdministrator } from '../administrators.ts';
import { type CommandContext, type CommandSpec, AUTHENTICATED, command, ok } from '../command.ts';
import { OTHER_USERS, findMailbox, isShared, requireRights, sharedMailboxes } from '../mailbox-names.ts';
import type { ArgumentParser } from '../wire/parser.ts';

type Root = { readonly name: string; readonly user: UserId };

const OWN = '';
/** RFC 9208 §5.1: STORAGE counts in these (octets). */
const UNIT_BYTES = 1024;

/** Fault NONEXISTENT for a root that is not there, or not for this user to see. */
async function resolveRoot(context: CommandContext, name: string): Promise<Root> {
  const { ops, session } = context;
  if (name === OWN) return { name, user: session.account.user };
  const owner = name.startsWith(OTHER_USERS + SEPARATOR) ? name.slice(OTHER_USERS.length + 1) : undefined;
  const account = owner === undefined ? undefined : await ops.accounts.accountByName(owner);
  if (account === undefined) throw nonexistent('No such quota root');
  const isVisible =
    account.user === session.account.user ||
    isAdministrator(context) ||
    (await sharedMailboxes(context)).some(({ mailbox }) => mailbox.user === account.user);
  if (!isVisible) throw nonexistent('No such quota root');
  return { name, user: account.user };
}

/** No resource is shown that has no limit. */
async function writeQuota({ ops, out }: CommandContext, { name, user }: Root): Promise<void> {
  const { limitBytes, usedBytes, limitMessages, usedMessages } = await ops.quota(user);
  const resources: string[] = [];
  if (limitBytes > 0) resources.push(`STORAGE ${Math.ceil(usedBytes / UNIT_BYTES)} ${Math.floor(limitBytes / UNIT_BYTES)}`);
  if (limitMessages > 0) resources.push(`MESSAGE ${usedMessages} ${limitMessages}`);
  out
    .raw('* QUOTA ')
    .string(name)
    .raw(` (${resources.join(' ')})`)
    .crlf();
}

function expectRoot(args: ArgumentParser): string {
  args.expectSp();
  return args.expectText('a quota root');
}

const getQuota = command<string>({
  names: ['GETQUOTA'],
  states: AUTHENTICATED,
  rfc: '9208 §4.1.1',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['QUOTA', 'QUOTA=RES-STORAGE', 'QUOTA=RES-MESSAGE']),
  expunge: 'yes',
  parse: (args) => {
    const root = expectRoot(args);
    args.expectEnd();
    return root;
  },
  run: async (context, root) => {
    await writeQuota(context, await resolveRoot(context, root));
  },
});

const getQuotaRoot = command<string>({
  names: ['GETQUOTAROOT'],
  states: AUTHENTICATED,
  rfc: '9208 §4.1.2',
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const name = args.expectMailbox();
    args.expectEnd();
    return name;
  },
  run: async (context, given) => {
    const { session, out } = context;
    const found = await findMailbox(context, given);
    // RFC 9208 §4.1.2: also for a mailbox that is still to be made; of another user's there would be nothing to say.
    if (found === undefined && isShared(given)) throw nonexistent('No such mailbox');
    if (found !== undefined) requireRights(found.rights, 'r');
    const isOwn = found === undefined || found.mailbox.user === session.account.user;
    const name = isOwn ? OWN : found.name.split(SEPARATOR).slice(0, 2).join(SEPARATOR);
    const root = { name, user: found?.mailbox.user ?? session.account.user };
    out
      .raw('* QUOTAROOT ')
      .mailbox(found?.name ?? given)
      .sp()
      .string(root.name)
      .crlf();
    await writeQuota(context, root);
  },
});

type Limit = { readonly resource: string; readonly limit: number };

const setQuota = command<{ readonly root: string; readonly limits: readonly Limit[] }>({
  names: ['SETQUOTA'],
  states: AUTHENTICATED,
  rfc: '9208 §4.1.3',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['QUOTASET']),
  expunge: 'yes',
  parse: (args) => {
    const root = expectRoot(args);
    args.expectSp();
    const limits = args.expectList(
      () => {
        const resource = args.expectAtom('a resource').toUpperCase();
        args.expectSp();
        return { resource, limit: args.expectNumber64('a limit') };
      },
      { allowEmpty: true },
    );
    args.expectEnd();
    return { root, limits };
  },
  run: async (context, { root: name, limits }) => {
    if (!isAdministrator(context)) throw refused('NOPERM', 'Only an administrator can set quotas');
    const root = await resolveRoot(context, name);
    // What is not named loses its limit.
    let [bytes, messages] = [0, 0];
    for (const { resource, limit } of limits) {
      if (limit === 0) throw refused('CANNOT', 'A limit of nothing can not be set: close the account instead');
      if (resource === 'STORAGE' && limit <= Number.MAX_SAFE_INTEGER / UNIT_BYTES) bytes = limit * UNIT_BYTES;
      else if (resource === 'MESSAGE') messages = limit;
      else throw refused('CANNOT', 'That limit can not be set');
    }
    await context.ops.accounts.setQuota(root.user, { bytes, messages });
    context.log.info('quota set', { of: root.user, bytes, messages });
    await writeQuota(context, root);
    return ok('SETQUOTA completed');
  },
});

export const quotaCommands: readonly CommandSpec[] = [getQuota, getQuotaRoot, setQuota];
