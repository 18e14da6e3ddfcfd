/** EXPUNGE and UID EXPUNGE. */
import type { SequenceSet } from '../../../mail/sequence-set.ts';
import { type CommandSpec, SELECTED, command, no, noArguments, ok } from '../command.ts';
import { requireRights, selectedRights } from '../mailbox-names.ts';
import { resolveMessages } from '../message-set.ts';
import { responseCode } from '../wire/writer.ts';

const expunge = command<SequenceSet | undefined>({
  names: ['EXPUNGE', 'UID EXPUNGE'],
  removes: true,
  states: SELECTED,
  rfc: '3501 §6.4.3, 4315 §2.1',
  expunge: 'yes',
  parse: (args, { uid }) => {
    if (!uid) return noArguments(args);
    args.expectSp();
    const set = args.expectSequenceSet();
    args.expectEnd();
    return set;
  },
  run: async ({ ops, session }, set, { name }) => {
    const { box } = session;
    if (box.readOnly) return no('The mailbox is open read-only', 'READ-ONLY');
    requireRights(await selectedRights({ ops, session }), 'e');
    const { user, mailbox } = box.view;
    const uids = set === undefined ? undefined : resolveMessages(session, set, true);
    if (uids?.isEmpty === true) return ok(`${name} completed`);
    const { modseq } = await ops.messages.expunge(user, mailbox, { onlyDeleted: true, ...(uids === undefined ? {} : { uids }) });
    // RFC 7162 §3.2.7.
    return ok(`${name} completed`, session.isEnabled('QRESYNC') ? responseCode.highestModseq(modseq) : undefined);
  },
});

export const expungeCommands: readonly CommandSpec[] = [expunge];
