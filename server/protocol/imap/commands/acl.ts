/** SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314). */
import { refused } from '../../../base/fault.ts';
import type { UserId } from '../../../mail/ids.ts';
import { ALL_RIGHTS, parseRights } from '../../../mail/rights.ts';
import type { AclIdentifier } from '../../../operations/contract.ts';
import { type CommandContext, type CommandSpec, AUTHENTICATED, command } from '../command.ts';
import { resolveMailbox } from '../mailbox-names.ts';

/** RFC 4314 §2.1.1: clients of RFC 2086 look for `c` and `d` in responses. */
function shownRights(rights: string): string {
  const create = rights.includes('k') || rights.includes('x') ? 'c' : '';
  const remove = rights.includes('x') || rights.includes('t') || rights.includes('e') ? 'd' : '';
  return rights + create + remove;
}

/** A user by name. A user cannot find out here who exists: names are looked up as recipients are. */
async function identifierOf({ ops, session }: CommandContext, name: string): Promise<AclIdentifier> {
  if (name === 'anyone') return 'anyone';
  // RFC 4314 §2: negative rights are not supported.
  if (name.startsWith('-')) throw refused('CANNOT', 'Negative rights are not supported');
  if (name === session.account.username) return session.account.user;
  const found = await ops.accounts.resolveRecipient(name);
  if (found.kind !== 'user') throw refused('CANNOT', 'That identifier can not be given rights');
  return found.account.user;
}

type SetArguments = {
  readonly mailbox: string;
  readonly identifier: string;
  readonly operation: 'add' | 'remove' | 'replace';
  readonly rights: string;
};

const setAcl = command<SetArguments>({
  names: ['SETACL', 'DELETEACL'],
  states: AUTHENTICATED,
  rfc: '4314 §3.1, §3.2',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['ACL', 'RIGHTS=kxte']),
  expunge: 'yes',
  parse: (args, { name }) => {
    args.expectSp();
    const mailbox = args.expectMailbox();
    args.expectSp();
    const identifier = args.expectText('an identifier');
    if (name === 'DELETEACL') {
      args.expectEnd();
      return { mailbox, identifier, operation: 'replace', rights: '' };
    }
    args.expectSp();
    const text = args.expectText('rights');
    args.expectEnd();
    const operation = text.startsWith('+') ? 'add' : text.startsWith('-') ? 'remove' : 'replace';
    const rights = parseRights(operation === 'replace' ? text : text.slice(1));
    // RFC 4314 §3.1: an unknown right is BAD.
    if (rights === undefined) throw args.fault('Unknown right');
    return { mailbox, identifier, operation, rights };
  },
  run: async (context, { mailbox: name, identifier, operation, rights }) => {
    const { mailbox } = await resolveMailbox(context, name, { needs: 'a' });
    await context.ops.acls.set(mailbox.user, mailbox.id, await identifierOf(context, identifier), operation, rights);
  },
});

const getAcl = command<string>({
  names: ['GETACL'],
  states: AUTHENTICATED,
  rfc: '4314 §3.3',
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const name = args.expectMailbox();
    args.expectEnd();
    return name;
  },
  run: async (context, given) => {
    const { ops, out } = context;
    const { mailbox, name } = await resolveMailbox(context, given, { needs: 'a' });
    out.raw('* ACL ').mailbox(name);
    const write = async (identifier: AclIdentifier, rights: string): Promise<void> => {
      const shown = identifier === 'anyone' ? identifier : (await ops.accounts.account(identifier as UserId))?.username;
      if (shown !== undefined) out.sp().astring(shown).sp().astring(shownRights(rights));
    };
    await write(mailbox.user, ALL_RIGHTS);
    for (const { identifier, rights } of await ops.acls.list(mailbox.user, mailbox.id)) await write(identifier, rights);
    out.crlf();
  },
});

const listRights = command<{ mailbox: string; identifier: string }>({
  names: ['LISTRIGHTS'],
  states: AUTHENTICATED,
  rfc: '4314 §3.4',
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const mailbox = args.expectMailbox();
    args.expectSp();
    const identifier = args.expectText('an identifier');
    args.expectEnd();
    return { mailbox, identifier };
  },
  run: async (context, { mailbox: given, identifier }) => {
    const { out } = context;
    const { mailbox, name } = await resolveMailbox(context, given, { needs: 'a' });
    const isOwner = (await identifierOf(context, identifier)) === mailbox.user;
    out.raw('* LISTRIGHTS ').mailbox(name).sp().astring(identifier);
    // The owner always has all; others may have each right by itself, except that `c` and `d` stand for k and x, t, e.
    if (isOwner) out.sp().raw(shownRights(ALL_RIGHTS));
    else out.raw(` "" ${[...ALL_RIGHTS.split(''), 'c', 'd'].join(' ')}`);
    out.crlf();
  },
});

const myRights = command<string>({
  names: ['MYRIGHTS'],
  states: AUTHENTICATED,
  rfc: '4314 §3.5',
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const name = args.expectMailbox();
    args.expectEnd();
    return name;
  },
  run: async (context, given) => {
    const { name, rights } = await resolveMailbox(context, given, { needs: '', anyName: true });
    context.out.raw('* MYRIGHTS ').mailbox(name).sp().astring(shownRights(rights)).crlf();
  },
});

export { shownRights };
export const aclCommands: readonly CommandSpec[] = [setAcl, getAcl, listRights, myRights];
