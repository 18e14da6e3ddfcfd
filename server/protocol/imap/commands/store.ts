/** STORE and UID STORE. */
import { UidSet } from '../../../mail/uid-set.ts';
import { type CommandSpec, SELECTED, command, no, ok } from '../command.ts';
import { enableFeature } from '../enable.ts';
import { resolveMessages, seqsOf } from '../message-set.ts';
import { type StoreArguments, expectStoreArguments } from '../wire/store-args.ts';
import { responseCode } from '../wire/writer.ts';

const store = command<StoreArguments>({
  names: ['STORE', 'UID STORE'],
  states: SELECTED,
  rfc: '3501 §6.4.6, 7162 §3.1.3',
  expunge: 'uid',
  byNumber: true,
  parse: (args) => expectStoreArguments(args),
  run: async (context, args, { name, uid }) => {
    const { ops, session } = context;
    const { box } = session;
    if (box.readOnly) return no('The mailbox is open read-only', 'READ-ONLY');
    if (args.unchangedSince !== undefined) enableFeature(context, 'CONDSTORE');
    const uids = resolveMessages(session, args.set, uid);
    if (uids.isEmpty) return ok(`${name} completed`);
    const { user, mailbox } = box.view;
    const expected = args.silent ? box.expect(uids) : undefined;
    const result = await ops.messages.store(user, mailbox, {
      uids,
      operation: args.operation,
      flags: args.flags,
      ...(args.unchangedSince === undefined ? {} : { unchangedSince: args.unchangedSince }),
    });
    if (box.view.modseq < result.modseq) await ops.views.refresh(box.view);
    const done = uids.subtract(result.missing).subtract(result.modified);
    if (expected === undefined) box.tellFlags(done);
    else box.settle(expected, args.operation, args.flags, session.condstore);
    if (!result.modified.isEmpty) {
      const failed = uid ? result.modified : UidSet.from(seqsOf(session, result.modified));
      return ok('Some messages were changed by others meanwhile', responseCode.modified(failed));
    }
    // RFC 2180 §4.2.1, RFC 7162 §3.1.3: messages that another session removed are skipped, and their expunge is told when it may be.
    return ok(`${name} completed`, result.missing.isEmpty ? undefined : 'EXPUNGEISSUED');
  },
});

export const storeCommands: readonly CommandSpec[] = [store];
