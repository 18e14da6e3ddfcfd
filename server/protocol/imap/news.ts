/** Everything there is to tell a session: of its selected mailbox and, after NOTIFY, of others. At a command's end, in IDLE, and with NOTIFY at any time. */
import type { CommandContext } from './command.ts';
import { tellMessages } from './commands/fetch.ts';
import { type TellOptions, tellUpdates } from './updates.ts';

export type NewsOptions = TellOptions & {
  /** No command is in work that would allow it: SELECTED-DELAYED keeps expunges back (RFC 5465 §6.1.2). */
  readonly unasked?: boolean;
};

/** Throws when the store can't be asked. */
export async function tellNews(context: CommandContext, options: NewsOptions): Promise<void> {
  const { session } = context;
  const { notifier } = session;
  if (notifier === undefined) {
    await tellUpdates(context, options);
    return;
  }
  const { selected } = notifier;
  const arrived = await tellUpdates(context, {
    refresh: options.refresh,
    allowExpunge: options.allowExpunge && selected.messages && !(options.unasked === true && selected.delayed),
    allowArrivals: selected.messages,
    // RFC 5465 §5.1: unsolicited FETCH responses carry the UID.
    uid: true,
  });
  if (selected.newItems.length > 0 && !arrived.isEmpty) await tellMessages(context, selected.newItems, arrived);
  if (notifier.hasNews) await notifier.tell(context);
}
