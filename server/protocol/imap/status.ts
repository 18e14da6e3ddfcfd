/** STATUS items of one mailbox, for STATUS and for LIST … RETURN (STATUS …). */
import type { Uid } from '../../mail/ids.ts';
import type { MailboxInfo } from '../../operations/contract.ts';
import type { CommandContext } from './command.ts';
import { enableFeature } from './enable.ts';
import type { StatusItem } from './wire/status-items.ts';

/** Writes `* STATUS name (item value …)`. */
export async function writeStatus(context: CommandContext, mailbox: MailboxInfo, items: readonly StatusItem[]): Promise<void> {
  // RFC 7162 §3.1.2: STATUS (HIGHESTMODSEQ) is a CONDSTORE enabling command.
  if (items.includes('HIGHESTMODSEQ')) enableFeature(context, 'CONDSTORE');
  const values: string[] = [];
  for (const item of items) values.push(`${item} ${await statusValue(context, mailbox, item)}`);
  context.out
    .raw('* STATUS ')
    .mailbox(mailbox.path)
    .raw(` (${values.join(' ')})`)
    .crlf();
}

async function statusValue(context: CommandContext, mailbox: MailboxInfo, item: StatusItem): Promise<string> {
  switch (item) {
    case 'MESSAGES':
      return `${mailbox.counts.messages}`;
    case 'UIDNEXT':
      return `${mailbox.uidNext}`;
    case 'UIDVALIDITY':
      return `${mailbox.uidValidity}`;
    case 'UNSEEN':
      return `${mailbox.counts.unseen}`;
    case 'DELETED':
      return `${mailbox.counts.deleted}`;
    case 'SIZE':
      return `${mailbox.counts.bytes}`;
    case 'HIGHESTMODSEQ':
      return `${mailbox.modseq}`;
    case 'MAILBOXID':
      return `(${mailbox.id})`;
    case 'APPENDLIMIT':
      return `${context.settings.maxMessageBytes}`;
    case 'RECENT':
      return `${await countRecent(context, mailbox)}`;
    case 'DELETED-STORAGE':
      return `${await deletedBytes(context, mailbox)}`;
  }
}

/** How many messages nobody has been told of as recent. Looks without claiming (RFC 3501 §6.3.10). */
async function countRecent(context: CommandContext, mailbox: MailboxInfo): Promise<number> {
  const { ops } = context;
  if (mailbox.counts.messages === 0) return 0;
  const first = await ops.mailboxes.claimRecent(mailbox.user, mailbox.id, 0 as Uid);
  if (first >= mailbox.uidNext) return 0;
  const hold = await ops.views.open(mailbox.user, mailbox.id);
  try {
    return hold.view.count - hold.view.lowerBound(first);
  } finally {
    hold.release();
  }
}

/** RFC 9208 §4.1.4: what EXPUNGE would free. */
async function deletedBytes(context: CommandContext, mailbox: MailboxInfo): Promise<number> {
  if (mailbox.counts.deleted === 0) return 0;
  const hold = await context.ops.views.open(mailbox.user, mailbox.id);
  try {
    const { view } = hold;
    let bytes = 0;
    for (let index = 0; index < view.count; index += 1) {
      if (view.flagsAt(index).includes('\\Deleted')) bytes += view.sizeAt(index);
    }
    return bytes;
  } finally {
    hold.release();
  }
}
