/** From the name a client gives to the mailbox it means, with whose it is; and the checks that names need before something is created. */
import { type FaultCode, refused } from '../../base/fault.ts';
import { normaliseMailboxName, parseMailboxPath } from '../../mail/mailbox-path.ts';
import type { MailboxInfo } from '../../operations/contract.ts';
import type { CommandContext } from './command.ts';

export type ResolvedMailbox = { readonly mailbox: MailboxInfo };

/** A selectable mailbox by name. Faults: `code` (NONEXISTENT, or TRYCREATE for APPEND, COPY and MOVE) when there is none. */
export async function resolveMailbox(
  context: Pick<CommandContext, 'session' | 'ops'>,
  name: string,
  code: FaultCode = 'NONEXISTENT',
): Promise<ResolvedMailbox> {
  const { session, ops } = context;
  const mailbox = await ops.mailboxes.findByPath(session.account.user, normaliseMailboxName(name));
  if (mailbox === undefined) throw refused(code, 'No such mailbox');
  if (mailbox.noSelect) throw refused(code === 'TRYCREATE' ? 'TRYCREATE' : 'NONEXISTENT', 'That name is not a mailbox');
  return { mailbox };
}

const PATH_FAULTS = {
  empty: 'A mailbox name is empty',
  'empty-level': 'A mailbox name has an empty level',
  'forbidden-character': 'A mailbox name has a control character',
  'reserved-namespace': 'Names that begin with # are reserved',
  'level-too-long': 'A level of the mailbox name is too long',
  'path-too-long': 'The mailbox name is too long',
  'too-deep': 'The mailbox name has too many levels',
} as const;

/** A name fit to be created, normalised. Faults: CANNOT with the reason. */
export function expectCreatablePath(name: string): string {
  const path = parseMailboxPath(name);
  if (path.ok) return path.value;
  throw refused('CANNOT', PATH_FAULTS[path.fault]);
}
