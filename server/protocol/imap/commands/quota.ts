/** GETQUOTA and GETQUOTAROOT: one root per user, by size and by number of messages (RFC 9208). */
import { nonexistent } from '../../../base/fault.ts';
import { type CommandContext, type CommandSpec, AUTHENTICATED, command } from '../command.ts';
import { resolveMailbox } from '../mailbox-names.ts';

/** The name of the one quota root that a user has. */
const ROOT = '';

async function writeQuota({ ops, session, out }: CommandContext): Promise<void> {
  const { limitBytes, usedBytes } = await ops.quota(session.account.user);
  // RFC 9208 §4.1.1: STORAGE counts in units of 1024 octets; no resource is shown that has no limit.
  const resources = limitBytes > 0 ? `STORAGE ${Math.ceil(usedBytes / 1024)} ${Math.floor(limitBytes / 1024)}` : '';
  out.raw('* QUOTA ').string(ROOT).raw(` (${resources})`).crlf();
}

const getQuota = command<string>({
  names: ['GETQUOTA'],
  states: AUTHENTICATED,
  rfc: '9208 §4.1.2',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['QUOTA', 'QUOTA=RES-STORAGE']),
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const root = args.expectText('a quota root');
    args.expectEnd();
    return root;
  },
  run: async (context, root) => {
    if (root !== ROOT) throw nonexistent('No such quota root');
    await writeQuota(context);
  },
});

const getQuotaRoot = command<string>({
  names: ['GETQUOTAROOT'],
  states: AUTHENTICATED,
  rfc: '9208 §4.1.3',
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const name = args.expectMailbox();
    args.expectEnd();
    return name;
  },
  run: async (context, name) => {
    const { name: shown } = await resolveMailbox(context, name, { needs: 'r' });
    context.out.raw('* QUOTAROOT ').mailbox(shown).sp().string(ROOT).crlf();
    await writeQuota(context);
  },
});

export const quotaCommands: readonly CommandSpec[] = [getQuota, getQuotaRoot];
