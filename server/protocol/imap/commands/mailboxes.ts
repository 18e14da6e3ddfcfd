/** CREATE (with USE), DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE. */
import { refused } from '../../../base/fault.ts';
import { INBOX, normaliseMailboxName } from '../../../mail/mailbox-path.ts';
import { CREATABLE_SPECIAL_USES, parseSpecialUse } from '../../../mail/special-use.ts';
import { type CommandSpec, AUTHENTICATED, command, no, noArguments, ok } from '../command.ts';
import { OTHER_USERS, isShared, resolveMailbox, resolveNewPlace, setSharedSubscription } from '../mailbox-names.ts';
import type { ArgumentParser } from '../wire/parser.ts';

function oneMailbox(args: ArgumentParser): string {
  args.expectSp();
  const name = args.expectMailbox();
  args.expectEnd();
  return name;
}

type CreateArguments = { readonly name: string; readonly uses: readonly string[] };

const create = command<CreateArguments>({
  names: ['CREATE'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.3, 6154 §3, 8474 §4.1',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['CREATE-SPECIAL-USE']),
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const name = args.expectMailbox();
    let uses: readonly string[] = [];
    if (args.trySp()) {
      args.expectList(() => {
        if (args.expectKeyword('a CREATE parameter') !== 'USE') throw args.fault('Unknown CREATE parameter');
        args.expectSp();
        uses = args.expectList(() => args.expectAttribute(), { allowEmpty: true });
      });
    }
    args.expectEnd();
    return { name, uses };
  },
  run: async (context, { name, uses }) => {
    const { ops } = context;
    const { owner: user, path, parent } = await resolveNewPlace(context, name);
    const [use, second] = uses.map((text) => parseSpecialUse(text));
    if (uses.length > 0 && (use === undefined || second !== undefined || !CREATABLE_SPECIAL_USES.includes(use))) {
      return no('That special use can not be given to a new mailbox', 'USEATTR');
    }
    if (path === INBOX) throw refused('ALREADYEXISTS', 'INBOX exists always');
    if (use !== undefined && (await ops.mailboxes.findBySpecialUse(user, use)) !== undefined) {
      return no('Another mailbox has that special use', 'USEATTR');
    }
    const mailbox = await ops.mailboxes.create(user, path, use === undefined ? undefined : { specialUse: use });
    // RFC 4314 §4: a new mailbox begins with its superior's list.
    if (parent !== undefined) {
      for (const { identifier, rights } of await ops.acls.list(user, parent.id))
        await ops.acls.set(user, mailbox.id, identifier, 'replace', rights);
    }
    return ok('CREATE completed', `MAILBOXID (${mailbox.id})`);
  },
});

const remove = command<string>({
  names: ['DELETE'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.4',
  expunge: 'yes',
  parse: oneMailbox,
  run: async (context, name) => {
    const { ops, session, out } = context;
    const { mailbox } = await resolveMailbox(context, name, { needs: 'x', anyName: true });
    await ops.mailboxes.delete(mailbox.user, mailbox.path);
    if (session.state === 'selected' && session.box.view.mailbox === mailbox.id) {
      session.unselect();
      out.untaggedStatus('OK', 'The selected mailbox was deleted', 'CLOSED');
    }
  },
});

const rename = command<{ from: string; to: string }>({
  names: ['RENAME'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.5',
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const from = args.expectMailbox();
    args.expectSp();
    const to = args.expectMailbox();
    args.expectEnd();
    return { from, to };
  },
  run: async (context, { from, to }) => {
    const { ops, session, out } = context;
    const { mailbox, name: source } = await resolveMailbox(context, from, { needs: 'x', anyName: true });
    const place = await resolveNewPlace(context, to);
    if (place.owner !== mailbox.user) return no('A mailbox can not change its owner', 'CANNOT');
    await ops.mailboxes.rename(mailbox.user, mailbox.path, place.path);
    const target = isShared(to) ? to : place.path;
    // RFC 9051 §6.3.6.
    if (session.isEnabled('IMAP4rev2'))
      out.raw('* LIST () "/" ').mailbox(target).raw(' ("OLDNAME" (').mailbox(source).raw('))').crlf();
    return ok('RENAME completed');
  },
});

const subscribe = command<string>({
  names: ['SUBSCRIBE'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.6',
  expunge: 'yes',
  parse: oneMailbox,
  run: async (context, name) => {
    // RFC 3501 §6.3.6: a server may check that the mailbox exists.
    const { mailbox } = await resolveMailbox(context, name, { needs: 'l', anyName: true });
    if (isShared(name)) await setSharedSubscription(context, mailbox.id, true);
    else if (!mailbox.subscribed) await context.ops.mailboxes.update(mailbox.user, mailbox.id, { subscribed: true });
  },
});

const unsubscribe = command<string>({
  names: ['UNSUBSCRIBE'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.7',
  expunge: 'yes',
  parse: oneMailbox,
  run: async (context, name) => {
    const { ops, session } = context;
    if (isShared(name)) {
      const { mailbox: shared } = await resolveMailbox(context, name, { needs: 'l', anyName: true });
      await setSharedSubscription(context, shared.id, false);
      return;
    }
    const { user } = session.account;
    const path = normaliseMailboxName(name);
    const mailbox = await ops.mailboxes.findByPath(user, path);
    if (mailbox === undefined) await ops.mailboxes.unsubscribeGhost(user, path);
    else if (mailbox.subscribed) await ops.mailboxes.update(user, mailbox.id, { subscribed: false });
  },
});

const namespace = command({
  names: ['NAMESPACE'],
  states: AUTHENTICATED,
  rfc: '2342',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['NAMESPACE']),
  expunge: 'yes',
  parse: noArguments,
  run: async ({ out }) => {
    out.untagged(`NAMESPACE (("" "/")) (("${OTHER_USERS}/" "/")) NIL`);
  },
});

export const mailboxCommands: readonly CommandSpec[] = [create, remove, rename, subscribe, unsubscribe, namespace];
