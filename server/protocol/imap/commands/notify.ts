/** NOTIFY (RFC 5465). */
import { type CommandSpec, AUTHENTICATED, command, no, ok } from '../command.ts';
import { NOTIFY_EVENTS, Notifier, unknownEvents } from '../notify.ts';
import { type NotifyArguments, expectNotifyArguments } from '../wire/mailbox-filter.ts';

const notify = command<NotifyArguments>({
  names: ['NOTIFY'],
  states: AUTHENTICATED,
  rfc: '5465',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['NOTIFY']),
  expunge: 'yes',
  parse: (args) => expectNotifyArguments(args),
  run: async (context, args) => {
    const { ops, session, out, client } = context;
    if (unknownEvents(args)) return no('Some events are not supported', `BADEVENT (${NOTIFY_EVENTS.join(' ')})`);
    // RFC 5465 §3.1: what has gathered is told first, as NOOP does.
    await context.tellUpdates(true, true);
    const notifier = new Notifier(ops, session.account.user, args, () => client.wake());
    try {
      const watched = await notifier.learn(ops);
      session.notify(notifier);
      if (args.set && args.status) {
        for (const mailbox of watched) {
          if (session.boxOrNone?.view.mailbox === mailbox.id) continue;
          const modseq = session.condstore ? ` HIGHESTMODSEQ ${mailbox.modseq}` : '';
          const { counts, uidNext, uidValidity } = mailbox;
          out.raw('* STATUS ').mailbox(mailbox.path);
          out
            .raw(` (MESSAGES ${counts.messages} UIDNEXT ${uidNext} UIDVALIDITY ${uidValidity} UNSEEN ${counts.unseen}${modseq})`)
            .crlf();
          if (out.isFull) await out.drain();
        }
      }
    } catch (error) {
      notifier.close();
      throw error;
    }
    return ok('NOTIFY completed');
  },
});

export const notifyCommands: readonly CommandSpec[] = [notify];
