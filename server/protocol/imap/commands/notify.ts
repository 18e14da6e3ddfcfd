/** NOTIFY (RFC 5465). */
import { type CommandContext, type CommandSpec, AUTHENTICATED, command, no, ok } from '../command.ts';
import { NOTIFY_EVENTS, unknownEvents } from '../notify/event-groups.ts';
import { MAX_WATCHED, Notifier } from '../notify/notifier.ts';
import { type KnownMailbox, attributesOf } from '../notify/picture.ts';
import { type NotifyArguments, expectNotifyArguments } from '../wire/mailbox-filter.ts';

const notify = command<NotifyArguments>({
  names: ['NOTIFY'],
  states: AUTHENTICATED,
  rfc: '5465',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['NOTIFY']),
  expunge: 'yes',
  parse: (args) => expectNotifyArguments(args),
  run: async (context, args) => {
    const { ops, session, client } = context;
    if (unknownEvents(args)) return no('Some events are not supported', `BADEVENT (${NOTIFY_EVENTS.join(' ')})`);
    // RFC 5465 §3.1: what has gathered is told first, as NOOP does.
    await context.tellUpdates({ allowExpunge: true, uid: true });
    const notifier = new Notifier(ops, session.account, args, () => client.wake());
    try {
      const watched = await notifier.learn(context);
      if (watched.length > MAX_WATCHED) {
        notifier.close();
        return no('So many mailboxes can not be watched', 'NOTIFICATIONOVERFLOW');
      }
      session.notify(notifier);
      if (wantsMetadata(args)) await session.watchMetadata(ops, () => client.wake()).learn(context);
      for (const mailbox of watched) {
        if (mailbox.noSelect) continue;
        if (!mailbox.readable) writeNoAccess(context, mailbox);
        else if (args.set && args.status && notifier.groups.eventsOf(mailbox).has('MESSAGENEW')) writeStatus(context, mailbox);
        if (context.out.isFull) await context.out.drain();
      }
    } catch (error) {
      notifier.close();
      throw error;
    }
    return ok('NOTIFY completed');
  },
});

function wantsMetadata(args: NotifyArguments): boolean {
  return args.set && args.groups.some(({ events }) => events.names.some((name) => name.endsWith('METADATACHANGE')));
}

/** RFC 5465 §3.1: it is seen, but its events can't be. */
function writeNoAccess({ out }: CommandContext, mailbox: KnownMailbox): void {
  out
    .raw(`* LIST (${attributesOf(mailbox, new Map()).join(' ')}) "/" `)
    .mailbox(mailbox.name)
    .crlf();
}

function writeStatus({ session, out }: CommandContext, mailbox: KnownMailbox): void {
  if (session.boxOrNone?.view.mailbox === mailbox.id) return;
  const { messages, uidNext, uidValidity, unseen, modseq } = mailbox;
  const highest = session.condstore ? ` HIGHESTMODSEQ ${modseq}` : '';
  out
    .raw('* STATUS ')
    .mailbox(mailbox.name)
    .raw(` (MESSAGES ${messages} UIDNEXT ${uidNext} UIDVALIDITY ${uidValidity} UNSEEN ${unseen}${highest})`)
    .crlf();
}

export const notifyCommands: readonly CommandSpec[] = [notify];
