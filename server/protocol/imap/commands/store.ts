/** STORE and UID STORE. */
import { UidSet } from '../../../mail/uid-set.ts';
import { refused } from '../../../base/fault.ts';
import { SYSTEM_FLAGS, hasFlag } from '../../../mail/flags.ts';
import type { StoreResult } from '../../../operations/contract.ts';
import { type CommandContext, type CommandSpec, SELECTED, command, no, ok } from '../command.ts';
import { enableFeature } from '../enable.ts';
import { mayChangeAllFlags, mayChangeFlag } from '../flag-rights.ts';
import { selectedRights } from '../mailbox-names.ts';
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
    const rights = await selectedRights(context);
    const restricted = !mayChangeAllFlags(rights);
    const expected = args.silent && !restricted ? box.expect(uids) : undefined;
    const result = await (restricted ? storeWithin(context, uids, args, rights) : storeAll(context, uids, args));
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

function storeAll({ ops, session }: CommandContext, uids: UidSet, args: StoreArguments): Promise<StoreResult> {
  const { operation, flags, unchangedSince } = args;
  const { user, mailbox } = session.box.view;
  return ops.messages.store(user, mailbox, {
    uids,
    operation,
    flags,
    ...(unchangedSince === undefined ? {} : { unchangedSince }),
  });
}

/** RFC 4314 §4: flags out of reach are left as they are; when all that are named are, the command fails. */
async function storeWithin(context: CommandContext, uids: UidSet, args: StoreArguments, rights: string): Promise<StoreResult> {
  const { ops, session } = context;
  const flags = args.flags.filter((flag) => mayChangeFlag(rights, flag));
  if (flags.length === 0 && (args.flags.length > 0 || !/[swt]/.test(rights)))
    throw refused('NOPERM', 'You can not change these flags');
  if (args.operation !== 'replace') return storeAll(context, uids, { ...args, flags });
  // Replacing only what is in reach: take the others away, then add.
  const { user, mailbox, keywords } = session.box.view;
  const others = [...SYSTEM_FLAGS, ...keywords].filter((flag) => mayChangeFlag(rights, flag) && !hasFlag(flags, flag));
  const taken = await storeAll(context, uids, { ...args, operation: 'remove', flags: others });
  const rest = uids.subtract(taken.missing).subtract(taken.modified);
  if (rest.isEmpty || flags.length === 0) return taken;
  const added = await ops.messages.store(user, mailbox, { uids: rest, operation: 'add', flags });
  return {
    modseq: added.modseq,
    changed: taken.changed.union(added.changed),
    modified: taken.modified,
    missing: taken.missing.union(added.missing),
  };
}

export const storeCommands: readonly CommandSpec[] = [store];
