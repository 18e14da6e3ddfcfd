/** COPY, MOVE and their UID forms. */
import { UidSet } from '../../../mail/uid-set.ts';
import type { UidValidity } from '../../../mail/ids.ts';
import type { CopyResult } from '../../../operations/contract.ts';
import { type CommandSpec, SELECTED, command, no, ok } from '../command.ts';
import { resolveMailbox } from '../mailbox-names.ts';
import { resolveMessages } from '../message-set.ts';
import type { SequenceSet } from '../../../mail/sequence-set.ts';
import type { ArgumentParser } from '../wire/parser.ts';
import { responseCode } from '../wire/writer.ts';

type CopyArguments = { readonly set: SequenceSet; readonly to: string };

function parse(args: ArgumentParser): CopyArguments {
  args.expectSp();
  const set = args.expectSequenceSet();
  args.expectSp();
  const to = args.expectMailbox();
  args.expectEnd();
  return { set, to };
}

/** RFC 4315 §3; undefined when nothing was copied. */
function copyUid(result: CopyResult): string | undefined {
  if (result.from.length === 0) return undefined;
  return responseCode.copyUid(result.uidValidity as UidValidity, UidSet.fromSorted(result.from), UidSet.fromSorted(result.to));
}

const copy = command<CopyArguments>({
  names: ['COPY', 'UID COPY'],
  states: SELECTED,
  rfc: '3501 §6.4.7, 4315',
  expunge: 'yes',
  byNumber: true,
  parse,
  run: async (context, { set, to }, { name, uid }) => {
    const { ops, session } = context;
    const { mailbox: target } = await resolveMailbox(context, to, 'TRYCREATE');
    const uids = resolveMessages(session, set, uid);
    if (uids.isEmpty) return ok(`${name} completed`);
    const { view } = session.box;
    const result = await ops.messages.copy(view.user, view.mailbox, uids, target.id);
    // RFC 2180 §4.4: what is gone can't be copied; the rest is.
    if (result.from.length === 0) return no('Those messages are gone', 'EXPUNGEISSUED');
    return ok(`${name} completed`, copyUid(result));
  },
});

const move = command<CopyArguments>({
  names: ['MOVE', 'UID MOVE'],
  states: SELECTED,
  rfc: '6851',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['MOVE']),
  expunge: 'yes',
  byNumber: true,
  parse,
  run: async (context, { set, to }, { name, uid }) => {
    const { ops, session, out } = context;
    if (session.box.readOnly) return no('The mailbox is open read-only', 'READ-ONLY');
    const { mailbox: target } = await resolveMailbox(context, to, 'TRYCREATE');
    const uids = resolveMessages(session, set, uid);
    if (uids.isEmpty) return ok(`${name} completed`);
    const { view } = session.box;
    const result = await ops.messages.move(view.user, view.mailbox, uids, target.id);
    if (result.from.length === 0) return no('Those messages are gone', 'EXPUNGEISSUED');
    // RFC 6851 §4.3: COPYUID comes untagged, before the EXPUNGEs.
    out.untaggedStatus('OK', 'Moved', copyUid(result));
    return ok(`${name} completed`, session.isEnabled('QRESYNC') ? responseCode.highestModseq(result.modseq) : undefined);
  },
});

export const copyCommands: readonly CommandSpec[] = [copy, move];
