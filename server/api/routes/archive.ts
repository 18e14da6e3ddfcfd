/** Deleted messages: shown, and brought back to where they were. */
import { randomBytes } from 'node:crypto';
import type { ContentId, MailboxId, UserId } from '../../mail/ids.ts';
import type { MessageMeta, MessageSummary, NewMessage } from '../../operations/contract.ts';
import type { ArchivedMessage } from '../../store/types-mail-records.ts';
import { type ApiContext, asUser, type Route, route } from '../context.ts';
import { archive, type ArchivedBody } from '../contract/archive.ts';
import { refuse } from '../faults.ts';
import { headerNames, headersOf, listedMessage } from '../messages/rows.ts';
import { expectMailbox } from './messages.ts';

export function archiveRoutes(context: ApiContext): Route[] {
  const { operations, store } = context;
  const { records, accounts } = store;

  const shown = async (
    user: UserId,
    messages: readonly ArchivedMessage[],
    headers: readonly string[],
  ): Promise<ArchivedBody[]> => {
    const contents = messages.map((one) => one.content as ContentId);
    const [summaries, notes] = await Promise.all([records.summariesOf(contents), records.notesOf(user, contents)]);
    const all = await Promise.all(
      messages.map(async (one): Promise<ArchivedBody[]> => {
        const summary = summaries.get(one.content);
        if (summary === undefined) return [];
        const body = listedMessage({ ...rowOf(one, summary), note: notes.get(one.content) });
        const content = headers.length === 0 ? undefined : await operations.contents.open(one.content as ContentId);
        const found = content === undefined ? {} : { headers: headersOf(await content.header(), headers) };
        return [{ ...body, ...found, id: one.id, archived: one.deletedAt.toISOString() }];
      }),
    );
    return all.flat();
  };

  /** Back to where it was, to INBOX when that is gone. */
  const placeOf = async (user: UserId, message: ArchivedMessage): Promise<MailboxId> => {
    const info = await operations.mailboxes.get(user, message.mailbox as MailboxId);
    return info === undefined || info.noSelect ? operations.mailboxes.inboxOf(user) : info.id;
  };
  const restore = async (user: UserId, mailbox: MailboxId, messages: readonly ArchivedMessage[]): Promise<readonly number[]> => {
    const placed = messages.map(
      ({ content, sizeBytes, thread, flags, internalDateMs }): NewMessage => ({
        // It was written long ago: -1 has it looked for before it is placed.
        stored: { content: content as ContentId, sizeBytes, thread, epoch: -1 },
        flags: flags.filter((flag) => flag !== '\\Deleted'),
        internalDateMs,
      }),
    );
    const { uids } = await operations.messages.append(user, mailbox, placed);
    await records.release(
      user,
      messages.map((one) => one.id),
    );
    return uids;
  };

  return [
    route(archive.list, async ({ input }) => {
      const { limit, next, previous, order, includeHeaders, page } = input;
      await accounts.users.expect(input.user);
      const user = asUser(input.user);
      const found = await records.archived(user, { limit, next, previous, descending: order !== 'asc' });
      return { success: true, page, ...found, results: await shown(user, found.results, headerNames(includeHeaders)) };
    }),
    route(archive.restoreOne, async ({ input }) => {
      await accounts.users.expect(input.user);
      const user = asUser(input.user);
      const which = input.message.length === 24 ? { id: input.message } : { uid: Number(input.message) };
      const message = (await records.findArchived(user, which)).at(-1);
      if (message === undefined) throw refuse('MessageNotFound', 'This message does not exist');
      const mailbox =
        input.mailbox === undefined
          ? await placeOf(user, message)
          : (await expectMailbox(context, user, input.mailbox as MailboxId)).id;
      const [uid] = await restore(user, mailbox, [message]);
      return { success: true, mailbox, id: uid! };
    }),
    route(archive.restore, async ({ input }) => {
      await accounts.users.expect(input.user);
      const user = asUser(input.user);
      const groups = new Map<MailboxId, ArchivedMessage[]>();
      for (const message of await records.findArchived(user, { from: input.start, to: input.end })) {
        const mailbox = await placeOf(user, message);
        groups.set(mailbox, [...(groups.get(mailbox) ?? []), message]);
      }
      for (const [mailbox, messages] of groups) await restore(user, mailbox, messages);
      // It is done when this is answered.
      return { success: true, task: randomBytes(12).toString('hex') };
    }),
  ];
}

function rowOf(message: ArchivedMessage, summary: MessageSummary) {
  const meta = {
    uid: message.uid,
    content: message.content,
    thread: message.thread,
    internalDateMs: message.internalDateMs,
    sizeBytes: message.sizeBytes,
    bodyStructure: message.bodyStructure,
  } as MessageMeta;
  return { mailbox: message.mailbox as MailboxId, meta, summary, flags: message.flags };
}
