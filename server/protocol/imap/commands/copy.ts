/** COPY, MOVE and their UID forms. */
import { UidSet } from '../../../mail/uid-set.ts';
import type { UidValidity } from '../../../mail/ids.ts';
import type { CopyResult } from '../../../operations/contract.ts';
import { type CommandContext, type CommandSpec, SELECTED, command, no, ok } from '../command.ts';
import { flagsOutOfReach, mayChangeAllFlags } from '../flag-rights.ts';
import { type ResolvedMailbox, requireRights, resolveMailbox, selectedRights } from '../mailbox-names.ts';
import { noteOwnArrivals, resolveMessages } from '../message-set.ts';
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

/** RFC 4314 §4: of the flags, those arrive that the user could set there. */
async function copyTo({ ops, session }: CommandContext, uids: UidSet, target: ResolvedMailbox): Promise<CopyResult> {
  const { view } = session.box;
  const { user, id } = target.mailbox;
  const result = await ops.messages.copy(view.user, view.mailbox, uids, id, ...(user === view.user ? [] : [user]));
  noteOwnArrivals(session, id, result.to);
  const flags = flagsOutOfReach(target.rights, view.keywords);
  if (flags.length > 0 && result.to.length > 0) {
    await ops.messages.store(user, id, { uids: UidSet.fromSorted(result.to), operation: 'remove', flags });
  }
  return result;
}

/** A move between users: copies first, so that a crash in between leaves two and never none. */
async function copyThenExpunge(context: CommandContext, uids: UidSet, target: ResolvedMailbox): Promise<CopyResult> {
  const result = await copyTo(context, uids, target);
  const { user, mailbox } = context.session.box.view;
  if (result.from.length === 0) return result;
  const { modseq } = await context.ops.messages.expunge(user, mailbox, {
    uids: UidSet.fromSorted(result.from),
    onlyDeleted: false,
  });
  return { ...result, modseq };
}

const copy = command<CopyArguments>({
  names: ['COPY', 'UID COPY'],
  states: SELECTED,
  rfc: '3501 §6.4.7, 4315',
  expunge: 'yes',
  byNumber: true,
  parse,
  run: async (context, { set, to }, { name, uid }) => {
    const { session } = context;
    requireRights(await selectedRights(context), 'r');
    const target = await resolveMailbox(context, to, { needs: 'i', missing: 'TRYCREATE' });
    const uids = resolveMessages(session, set, uid);
    if (uids.isEmpty) return ok(`${name} completed`);
    const result = await copyTo(context, uids, target);
    // RFC 2180 §4.4: what is gone can't be copied; the rest is.
    if (result.from.length === 0) return no('Those messages are gone', 'EXPUNGEISSUED');
    return ok(`${name} completed`, copyUid(result));
  },
});

const move = command<CopyArguments>({
  names: ['MOVE', 'UID MOVE'],
  removes: true,
  states: SELECTED,
  rfc: '6851',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['MOVE']),
  expunge: 'yes',
  byNumber: true,
  parse,
  run: async (context, { set, to }, { name, uid }) => {
    const { ops, session, out } = context;
    if (session.box.readOnly) return no('The mailbox is open read-only', 'READ-ONLY');
    // RFC 6851 §4.1: what COPY, STORE of \Deleted and EXPUNGE together need.
    requireRights(await selectedRights(context), 'rte');
    const target = await resolveMailbox(context, to, { needs: 'i', missing: 'TRYCREATE' });
    const uids = resolveMessages(session, set, uid);
    if (uids.isEmpty) return ok(`${name} completed`);
    const { view } = session.box;
    const within = target.mailbox.user === view.user && mayChangeAllFlags(target.rights);
    const result = within
      ? await ops.messages.move(view.user, view.mailbox, uids, target.mailbox.id)
      : await copyThenExpunge(context, uids, target);
    noteOwnArrivals(session, target.mailbox.id, result.to);
    if (result.from.length === 0) return no('Those messages are gone', 'EXPUNGEISSUED');
    // RFC 6851 §4.3: COPYUID comes untagged, before the EXPUNGEs.
    out.untaggedStatus('OK', 'Moved', copyUid(result));
    return ok(`${name} completed`, session.isEnabled('QRESYNC') ? responseCode.highestModseq(result.modseq) : undefined);
  },
});

export const copyCommands: readonly CommandSpec[] = [copy, move];
