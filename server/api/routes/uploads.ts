/** Messages stored by the API: raw bytes as they are, or composed from their parts. */
import type { MailboxId, UserId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import { isFault } from '../../base/fault.ts';
import type { UserView } from '../../operations/accounts-users.ts';
import { type ApiContext, type Call, asUser, type Route, route } from '../context.ts';
import type { InputOf } from '../contract/route.ts';
import { messages } from '../contract/messages.ts';
import { refuse } from '../faults.ts';
import { ownsAddress } from '../messages/outbound.ts';
import { composeMessage, type ComposeAttachment } from '../messages/compose.ts';
import { type ReferencedMessage, readReference, storedFiles } from '../messages/references.ts';
import { expectMailbox } from './messages.ts';

type Input = InputOf<typeof messages.upload>;

export function uploadRoutes(context: ApiContext): Route[] {
  const { operations, store } = context;
  return [
    route(messages.upload, async (call) => {
      const { input } = call;
      const user = asUser(input.user);
      const owner = await store.accounts.users.expect(user);
      if (owner.disabled || owner.suspended) throw refuse('UserDisabled', 'This user is disabled');
      const mailbox = await expectMailbox(context, user, input.mailbox as MailboxId);
      const draft = input.draft || mailbox.specialUse === '\\Drafts';
      const raw = rawOf(call) ?? (await composed(context, owner, input, draft));
      if (raw.length === 0) throw refuse('EmptyMessage', 'Empty message provided');
      // A draft must stay what can be sent.
      const stored = await (draft ? operations.contents.store(raw) : operations.contents.storeFor(user, mailbox.id, raw));
      const flags = [...(input.unseen ? [] : ['\\Seen']), ...(input.flagged ? ['\\Flagged'] : []), ...(draft ? ['\\Draft'] : [])];
      const internalDateMs = input.date?.getTime() ?? Date.now();
      const { uids } = await operations.messages.append(user, mailbox.id, [{ stored, flags, internalDateMs }]);
      const { metaData, reference, files } = input;
      if (metaData !== undefined || reference !== undefined || files !== undefined)
        await store.records.note(user, stored.content, { metaData, reference, files });
      if (reference !== undefined && !draft) await markReferenced(context, user, reference);
      return {
        success: true,
        message: { id: uids[0]!, mailbox: mailbox.id, size: stored.sizeBytes },
        ...(input.replacePrevious === undefined ? {} : await removePrevious(context, user, mailbox.id, input.replacePrevious)),
      };
    }),
  ];
}

/** The body itself, a field of a form, or a text in JSON. */
function rawOf({ raw, input }: Call<Input>): Buffer | undefined {
  if (raw !== undefined) return raw;
  const given = input.raw;
  if (given === undefined || given === '') return undefined;
  return typeof given === 'string' ? Buffer.from(given) : Buffer.from(given);
}

async function composed(context: ApiContext, owner: UserView, input: Input, draft: boolean): Promise<Buffer> {
  const user = asUser(owner.id);
  const { from, replyTo, to, cc, bcc, headers, subject, text, html, attachments = [], date, files = [], reference } = input;
  const given = [from, replyTo, to, cc, bcc, headers, subject, text, html, input.attachments, input.files];
  if (given.every((one) => one === undefined) && !draft) throw refuse('EmptyMessage', 'Empty message provided');
  const original: ReferencedMessage | undefined =
    reference === undefined ? undefined : await readReference(context, user, reference);
  const all: ComposeAttachment[] = [
    ...attachments,
    ...(original?.attachments ?? []),
    ...(await storedFiles(context, user, files)),
  ];
  const own = owner.address === '' ? undefined : { name: owner.name, address: owner.address };
  // A draft will be sent as it stands: in no name but the user's own.
  const isForeign = draft && from !== undefined && own !== undefined && !(await ownsAddress(context, owner, from.address));
  const sender = isForeign ? { name: from.name, address: own.address } : (from ?? own);
  const { inReplyTo, references } = original ?? {};
  return composeMessage(
    { from: sender, replyTo, to, cc, bcc, headers, subject, text, html, attachments: all, date, inReplyTo, references },
    { keepBcc: true, hostname: context.config.hostname },
  );
}

/** What was answered or forwarded is marked as such. A message that is gone is no reason to fail. */
export async function markReferenced(
  context: ApiContext,
  user: UserId,
  reference: { readonly mailbox: string; readonly id: number; readonly action: string },
): Promise<void> {
  const flag = reference.action === 'forward' ? '$Forwarded' : '\\Answered';
  try {
    await context.operations.messages.store(user, reference.mailbox as MailboxId, {
      uids: UidSet.of(reference.id),
      operation: 'add',
      flags: [flag],
    });
  } catch (error) {
    if (!isFault(error, 'NONEXISTENT')) throw error;
  }
}

/** The new version is stored already: a failure here is told beside it. */
async function removePrevious(
  { operations }: ApiContext,
  user: UserId,
  mailbox: MailboxId,
  previous: { readonly mailbox?: string | undefined; readonly id: number },
): Promise<{ previousDeleted: boolean; previousDeleteError?: string }> {
  try {
    const from = (previous.mailbox ?? mailbox) as MailboxId;
    const { expunged } = await operations.messages.expunge(user, from, { uids: UidSet.of(previous.id), onlyDeleted: false });
    return { previousDeleted: !expunged.isEmpty };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { previousDeleted: false, previousDeleteError: error.message };
  }
}
