/** APPEND, several messages at a time (MULTIAPPEND), UTF8 literals. */
import { refused } from '../../../base/fault.ts';
import type { UidValidity } from '../../../mail/ids.ts';
import { UidSet } from '../../../mail/uid-set.ts';
import type { NewMessage } from '../../../operations/contract.ts';
import { type CommandSpec, AUTHENTICATED, command, no, ok } from '../command.ts';
import { resolveMailbox } from '../mailbox-names.ts';
import { type AppendArguments, type AppendMessage, expectAppendArguments } from '../wire/append-args.ts';
import { syntaxFault } from '../wire/cursor.ts';
import { responseCode } from '../wire/writer.ts';

const append = command<AppendArguments>({
  names: ['APPEND'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.11, 3502, 4315 §3, 6855 §4',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['MULTIAPPEND']),
  expunge: 'yes',
  parse: (args) => expectAppendArguments(args),
  run: async (context, { mailbox: name, messages }) => {
    const { ops, session, settings } = context;
    const { mailbox } = await resolveMailbox(context, name, 'TRYCREATE');
    const added: NewMessage[] = [];
    for (const message of messages) {
      const raw = messageBytes(message, session.utf8);
      if (raw.length === 0) return no('A message can not be empty', 'CANNOT');
      if (raw.length > settings.maxMessageBytes) throw refused('TOOBIG', 'The message is too big');
      const stored = await ops.contents.store(raw);
      added.push({ stored, flags: message.flags, internalDateMs: message.internalDate ?? Date.now() });
    }
    const result = await ops.messages.append(mailbox.user, mailbox.id, added);
    return ok('APPEND completed', responseCode.appendUid(result.uidValidity as UidValidity, UidSet.fromSorted(result.uids)));
  },
});

/** The message exactly as it was sent, bare line feeds included. */
function messageBytes(message: AppendMessage, utf8: boolean): Buffer {
  switch (message.data.kind) {
    case 'literal':
      return message.data.literal.bytes;
    case 'utf8':
      // RFC 6855 §4: only after ENABLE UTF8=ACCEPT.
      if (!utf8) throw syntaxFault('UTF8 needs ENABLE UTF8=ACCEPT');
      return message.data.literal.bytes;
    case 'catenate':
      throw syntaxFault('CATENATE is not available');
  }
}

export const appendCommands: readonly CommandSpec[] = [append];
