/** Messages of a mailbox: lists, one in full, its bytes, flags, moves, deletion. */
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import type { MailboxInfo, MailboxView } from '../../operations/contract.ts';
import { decodePartTable } from '../../mime/part-table.ts';
import { findPart } from '../../mime/sections.ts';
import { decodeTransferEncoding } from '../../mime/transfer-encoding.ts';
import { decodeCharset } from '../../mime/charset.ts';
import { type ApiContext, type Call, asUser, rawRoute, type Route, route } from '../context.ts';
import { messages } from '../contract/messages.ts';
import { refuse } from '../faults.ts';
import { messageDetails } from '../messages/details.ts';
import { messagePage, pagePolicy } from '../messages/message-page.ts';
import { sendBytes } from '../messages/send-bytes.ts';
import { uidsOf } from '../messages/uid-ranges.ts';
import { pageOfList } from '../messages/paging.ts';
import {
  type MessageSources,
  type Row,
  attachmentId,
  headerNames,
  listedAttachment,
  listedMessages,
  readRows,
} from '../messages/rows.ts';

const byUid = (descending: boolean) => (a: readonly number[], b: readonly number[]) =>
  descending ? b[0]! - a[0]! : a[0]! - b[0]!;

export function messageRoutes(context: ApiContext): Route[] {
  const { operations, store } = context;
  const sources: MessageSources = { operations, records: store.records };

  /** One message with its flags of this moment. */
  const expectRow = async (user: UserId, mailbox: MailboxId, uid: number): Promise<Row> =>
    withView(context, user, mailbox, async (view) => {
      const row = (await readRows(sources, user, mailbox, UidSet.of(uid), flagsIn(view))).get(uid);
      if (row === undefined) throw refuse('MessageNotFound', 'This message does not exist');
      return row;
    });

  const update = async (input: UpdateInput) => {
    const user = asUser(input.user);
    const mailbox = input.mailbox as MailboxId;
    return withView(context, user, mailbox, (view) => updateMessages(context, user, mailbox, view, input));
  };

  return [
    route(messages.list, async ({ input }) => {
      const user = asUser(input.user);
      const info = await expectMailbox(context, user, input.mailbox as MailboxId);
      const descending = input.order !== 'asc';
      return withView(context, user, info.id, async (view) => {
        const uids: number[] = [];
        for (let at = 0; at < view.count; at += 1) {
          const index = descending ? view.count - 1 - at : at;
          if (input.unseen === undefined || input.unseen !== view.flagsAt(index).includes('\\Seen')) uids.push(view.uidAt(index));
        }
        const page = pageOfList(uids, input, (uid) => [uid], byUid(descending));
        const rows = await readRows(sources, user, info.id, UidSet.from(page.items), flagsIn(view));
        const results = await listedMessages(
          sources,
          user,
          page.items.flatMap((uid) => rows.get(uid) ?? []),
          { metaData: input.metaData, threadCounters: input.threadCounters, headers: headerNames(input.includeHeaders) },
        );
        const { nextCursor, previousCursor } = page;
        return {
          success: true,
          total: uids.length,
          page: input.page,
          previousCursor,
          nextCursor,
          specialUse: info.specialUse ?? null,
          results,
        };
      });
    }),
    route(messages.get, async ({ input }) => {
      const user = asUser(input.user);
      const mailbox = input.mailbox as MailboxId;
      let row = await expectRow(user, mailbox, input.message);
      if (input.markAsSeen && !row.flags.includes('\\Seen')) {
        await operations.messages.store(user, mailbox, { uids: UidSet.of(input.message), operation: 'add', flags: ['\\Seen'] });
        row = { ...row, flags: ['\\Seen', ...row.flags] };
      }
      const linkBase = input.replaceCidLinks ? `/users/${user}/mailboxes/${mailbox}/messages/${input.message}` : undefined;
      return {
        success: true,
        ...(await messageDetails(sources, user, mailbox, row, { linkBase, hostname: context.config.hostname })),
      };
    }),
    rawRoute(messages.source, async (call) => {
      const { meta } = await expectRow(asUser(call.input.user), call.input.mailbox as MailboxId, call.input.message);
      const content = await operations.contents.open(meta.content);
      await sendBytes(call, {
        sizeBytes: content.sizeBytes,
        contentType: 'message/rfc822',
        // A message never changes.
        etag: `"${meta.content}"`,
        read: (start, end) => content.read(start, end),
      });
    }),
    rawRoute(messages.page, async ({ input, reply }) => {
      const row = await expectRow(asUser(input.user), input.mailbox as MailboxId, input.message);
      const page = await messagePage(await operations.contents.open(row.meta.content), row, input);
      reply.header('content-security-policy', pagePolicy(input.images)).header('x-frame-options', 'SAMEORIGIN');
      reply
        .header('x-content-type-options', 'nosniff')
        .header('referrer-policy', 'no-referrer')
        .header('cache-control', 'no-store');
      await reply.type('text/html; charset=utf-8').send(page);
    }),
    rawRoute(messages.attachment, async (call) =>
      sendAttachment(
        context,
        call,
        await expectRow(asUser(call.input.user), call.input.mailbox as MailboxId, call.input.message),
      ),
    ),
    route(messages.update, ({ input }) => update(input)),
    route(messages.updateOne, ({ input }) => update(input)),
    route(messages.remove, async ({ input }) => {
      const user = asUser(input.user);
      const mailbox = input.mailbox as MailboxId;
      await expectMailbox(context, user, mailbox);
      const { expunged } = await operations.messages.expunge(user, mailbox, {
        uids: UidSet.of(input.message),
        onlyDeleted: false,
      });
      if (expunged.isEmpty) throw refuse('MessageNotFound', 'This message does not exist');
      return { success: true };
    }),
    route(messages.removeAll, async ({ input }) => {
      const user = asUser(input.user);
      const info = await expectMailbox(context, user, input.mailbox as MailboxId);
      // One journal entry takes them all: there is nothing to do in the background.
      const { expunged, modseq } = await operations.messages.expunge(user, info.id, { onlyDeleted: false });
      if (input.skipArchive && !expunged.isEmpty) await store.records.releaseDeletedSince(user, info.id, modseq);
      if (input.async) return { success: true, scheduled: info.id, existing: false };
      return { success: true, deleted: expunged.count, errors: 0 };
    }),
  ];
}

/** Refusals UserNotFound, NoSuchMailbox. */
export async function expectMailbox({ operations, store }: ApiContext, user: UserId, mailbox: MailboxId): Promise<MailboxInfo> {
  const info = await operations.mailboxes.get(user, mailbox);
  if (info !== undefined && !info.noSelect) return info;
  await store.accounts.users.expect(user);
  throw refuse('NoSuchMailbox', 'This mailbox does not exist');
}

/** Runs with the mailbox's view at the journal's end. */
export async function withView<T>(
  context: ApiContext,
  user: UserId,
  mailbox: MailboxId,
  run: (view: MailboxView) => Promise<T>,
): Promise<T> {
  const { views } = context.operations;
  const { view, release } = await views.open(user, mailbox).catch(async (error: unknown) => {
    // Tells a missing user from a missing mailbox.
    await expectMailbox(context, user, mailbox);
    throw error;
  });
  try {
    await views.refresh(view);
    return await run(view);
  } finally {
    release();
  }
}

function flagsIn(
  view: MailboxView,
): (uid: Uid) => MailboxView['flagsAt'] extends (index: number) => infer F ? F | undefined : never {
  return (uid) => {
    const index = view.indexOf(uid);
    return index === -1 ? undefined : view.flagsAt(index);
  };
}

type UpdateInput = {
  readonly user: string;
  readonly mailbox: string;
  readonly message: string;
  readonly moveTo?: string | undefined;
  readonly seen?: boolean | undefined;
  readonly deleted?: boolean | undefined;
  readonly flagged?: boolean | undefined;
  readonly draft?: boolean | undefined;
  readonly expires?: Date | false | undefined;
  readonly metaData?: Record<string, unknown> | undefined;
};

type Updated = { success: true; id?: [number, number][]; mailbox?: string; updated?: number };

const FLAGS = { seen: '\\Seen', deleted: '\\Deleted', flagged: '\\Flagged', draft: '\\Draft' } as const;

async function updateMessages(
  context: ApiContext,
  user: UserId,
  mailbox: MailboxId,
  view: MailboxView,
  input: UpdateInput,
): Promise<Updated> {
  const { operations } = context;
  const uids = uidsOf(input.message, view);
  if (uids.isEmpty) throw refuse('MessageNotFound', 'No message matched the query');
  const target = input.moveTo === undefined ? undefined : await expectMailbox(context, user, input.moveTo as MailboxId);
  await changeFlags(context, user, mailbox, uids, input);
  if (input.metaData !== undefined || input.expires !== undefined) await annotate(context, user, mailbox, uids, input);
  if (target === undefined) return { success: true, updated: uids.count };
  const moved = await operations.messages.move(user, mailbox, uids, target.id);
  return { success: true, mailbox: target.id, id: moved.from.map((uid, at): [number, number] => [uid, moved.to[at]!]) };
}

/** Flags that are not mentioned stay. */
export async function changeFlags(
  { operations }: ApiContext,
  user: UserId,
  mailbox: MailboxId,
  uids: UidSet,
  wanted: { readonly [name in keyof typeof FLAGS]?: boolean | undefined },
): Promise<void> {
  const names = Object.keys(FLAGS) as (keyof typeof FLAGS)[];
  const of = (value: boolean): string[] => names.filter((name) => wanted[name] === value).map((name) => FLAGS[name]);
  const [added, removed] = [of(true), of(false)];
  if (added.length > 0) await operations.messages.store(user, mailbox, { uids, operation: 'add', flags: added });
  if (removed.length > 0) await operations.messages.store(user, mailbox, { uids, operation: 'remove', flags: removed });
}

async function annotate(
  { operations, store }: ApiContext,
  user: UserId,
  mailbox: MailboxId,
  uids: UidSet,
  input: UpdateInput,
): Promise<void> {
  const { metaData, expires } = input;
  for await (const batch of operations.reads.metadata(user, mailbox, uids)) {
    for (const meta of batch)
      await store.records.note(user, meta.content, { metaData, expires: expires === false ? null : expires });
  }
}

async function sendAttachment(
  { operations }: ApiContext,
  call: Call<{ readonly attachment: string; readonly sendAsString: boolean }>,
  { meta, summary }: Row,
): Promise<void> {
  const { attachment, sendAsString } = call.input;
  const index = summary.attachments.findIndex((_, at) => attachmentId(at) === attachment);
  const listed = summary.attachments[index];
  const content = await operations.contents.open(meta.content);
  const part = listed === undefined ? undefined : findPart(decodePartTable(content.parts), listed.section.split('.').map(Number));
  if (listed === undefined || part === undefined) throw refuse('AttachmentNotFound', 'This attachment does not exist');
  const encoded = await content.readAll(part.body.start, part.body.end);
  const decoded = decodeTransferEncoding(encoded, part.encoding);
  if (sendAsString) {
    const text = decodeCharset(decoded, part.charset === '' ? undefined : part.charset);
    await call.reply.type('text/plain; charset=utf-8').send(text);
    return;
  }
  await sendBytes(call, {
    sizeBytes: decoded.length,
    contentType: safeType(listed.contentType),
    filename: listedAttachment(listed, index).filename,
    etag: `"${meta.content}.${listed.section}"`,
    read: async function* (start, end) {
      yield decoded.subarray(start, end);
    },
  });
}

/** What a browser would run in the name of this server is only handed over as bytes. */
function safeType(contentType: string): string {
  const active =
    /^(?:text\/(?:html|xml|xsl)|application\/(?:xhtml\+xml|xml|javascript|ecmascript)|text\/(?:java|ecma)script|image\/svg\+xml|multipart\/|message\/)/;
  return active.test(contentType) || !/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(contentType)
    ? 'application/octet-stream'
    : contentType;
}
