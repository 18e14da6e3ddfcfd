/** Everything there is to tell a session: of its selected mailbox and, after NOTIFY, of others. At a command's end, in IDLE, and with NOTIFY at any time. */
import type { CommandContext } from './command.ts';
import { tellMessages } from './commands/fetch.ts';
import { type TellOptions, tellUpdates } from './updates.ts';

export type NewsOptions = Pick<TellOptions, 'allowExpunge' | 'refresh' | 'uid'> & {
  /** No command is in work that would allow it: SELECTED-DELAYED keeps expunges back (RFC 5465 §6.1.2). */
  readonly unasked?: boolean;
  /** The expunges are the command's own answer. */
  readonly removes?: boolean;
};

/** Throws when the store can't be asked. */
export async function tellNews(context: CommandContext, options: NewsOptions): Promise<void> {
  const { session } = context;
  const { notifier } = session;
  const tellItems: TellOptions['tellItems'] = (items, uids) => tellMessages(context, items, uids);
  if (notifier === undefined) {
    await tellUpdates(context, session.searches.length === 0 ? options : { ...options, tellItems });
  } else {
    const { selected } = notifier;
    const mayExpunge = options.removes === true || (selected.messages && !(options.unasked === true && selected.delayed));
    await tellUpdates(context, {
      refresh: options.refresh,
      allowExpunge: options.allowExpunge && mayExpunge,
      allowArrivals: selected.messages,
      allowFlags: selected.flags,
      newItems: selected.newItems,
      tellItems,
      // RFC 5465 §5.1: unsolicited FETCH responses carry the UID.
      uid: true,
    });
    if (notifier.hasNews) await notifier.tell(context);
  }
  if (session.metadata?.hasNews === true) await session.metadata.tell(context);
}
