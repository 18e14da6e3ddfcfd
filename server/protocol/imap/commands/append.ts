/** APPEND of one message or several (MULTIAPPEND), of UTF8 literals and of CATENATE; REPLACE, in which one message takes the place of another. */
import type { Uid, UidValidity } from '../../../mail/ids.ts';
import { UidSet } from '../../../mail/uid-set.ts';
import type { NewMessage } from '../../../operations/contract.ts';
import { type CommandSpec, AUTHENTICATED, SELECTED, command, no, ok } from '../command.ts';
import { mayChangeFlag } from '../flag-rights.ts';
import { requireRights, resolveMailbox, selectedRights } from '../mailbox-names.ts';
import { storeMessage } from '../message-data.ts';
import {
  type AppendArguments,
  type ReplaceArguments,
  expectAppendArguments,
  expectReplaceArguments,
} from '../wire/append-args.ts';
import { noteOwnArrivals } from '../message-set.ts';
import { responseCode } from '../wire/writer.ts';

const append = command<AppendArguments>({
  names: ['APPEND'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.11, 3502, 4315 §3, 4469, 6855 §4',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['MULTIAPPEND', 'CATENATE']),
  expunge: 'yes',
  parse: (args) => expectAppendArguments(args),
  run: async (context, { mailbox: name, messages }) => {
    const { mailbox, rights } = await resolveMailbox(context, name, { needs: 'i', missing: 'TRYCREATE' });
    const added: NewMessage[] = [];
    for (const sent of messages) {
      const message = { ...sent, flags: sent.flags.filter((flag) => mayChangeFlag(rights, flag)) };
      const stored = await storeMessage(context, mailbox, message);
      if ('status' in stored) return stored;
      added.push(stored);
    }
    const result = await context.ops.messages.append(mailbox.user, mailbox.id, added);
    noteOwnArrivals(context.session, mailbox.id, result.uids);
    return ok('APPEND completed', responseCode.appendUid(result.uidValidity as UidValidity, UidSet.fromSorted(result.uids)));
  },
});

const replace = command<ReplaceArguments>({
  names: ['REPLACE', 'UID REPLACE'],
  removes: true,
  states: SELECTED,
  rfc: '8508',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['REPLACE']),
  byNumber: true,
  expunge: 'yes',
  parse: (args) => expectReplaceArguments(args),
  run: async (context, { number, mailbox: name, message }, { uid }) => {
    const { ops, session, out } = context;
    const { box } = session;
    if (box.readOnly) return no('The mailbox is open read-only', 'READ-ONLY');
    const wanted = number === 0 ? (uid ? box.maxUid : box.count) : number;
    const old = uid ? (box.seqOf(wanted as Uid) === undefined ? undefined : (wanted as Uid)) : box.uidOf(wanted);
    // RFC 8508 §3.2: the message to replace must exist; one that another session expunged does not any more.
    if (old === undefined || box.view.indexOf(old) === -1) return no('There is no such message', 'NONEXISTENT');
    requireRights(await selectedRights(context), 'te');
    const { mailbox, rights } = await resolveMailbox(context, name, { needs: 'i', missing: 'TRYCREATE' });
    const stored = await storeMessage(context, mailbox, {
      ...message,
      flags: message.flags.filter((flag) => mayChangeFlag(rights, flag)),
    });
    if ('status' in stored) return stored;
    const { user, mailbox: selected } = box.view;
    const within = mailbox.user === user;
    const result = within
      ? await ops.messages.replace(user, selected, old, stored, mailbox.id)
      : // Between users there is no common commit: the new message first, so that a crash in between leaves both and never none.
        await ops.messages.append(mailbox.user, mailbox.id, [stored]);
    noteOwnArrivals(session, mailbox.id, result.uids);
    if (!within) await ops.messages.expunge(user, selected, { uids: UidSet.of(old), onlyDeleted: false });
    out.untaggedStatus(
      'OK',
      'The new message is in place',
      responseCode.appendUid(result.uidValidity as UidValidity, UidSet.fromSorted(result.uids)),
    );
    return ok('REPLACE completed');
  },
});

export const appendCommands: readonly CommandSpec[] = [append, replace];
