/** LIST with its extended form, LSUB, STATUS. */
import { type CommandContext, type CommandSpec, AUTHENTICATED, command } from '../command.ts';
import { shownRights } from './acl.ts';
import { writeMetadata } from './metadata.ts';
import { type ListLine, listMailboxes, listSubscribed } from '../list-mailboxes.ts';
import { findMailbox, resolveMailbox, sharedTree } from '../mailbox-names.ts';
import { writeStatus } from '../status.ts';
import { type ListArguments, type LsubArguments, expectListArguments, expectLsubArguments } from '../wire/list-args.ts';
import { type StatusArguments, expectStatusArguments } from '../wire/status-items.ts';

function writeLine({ out }: CommandContext, verb: 'LIST' | 'LSUB', line: ListLine): void {
  out.raw(`* ${verb} (${line.attributes.join(' ')}) "/" `).mailbox(line.path);
  if (line.childInfo.length > 0) out.raw(` ("CHILDINFO" (${line.childInfo.map((word) => `"${word}"`).join(' ')}))`);
  out.crlf();
}

const list = command<ListArguments>({
  names: ['LIST'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.8, 5258, 5819, 3348, 6154',
  capabilities: ({ state }) =>
    state === 'not-authenticated'
      ? []
      : ['CHILDREN', 'LIST-EXTENDED', 'LIST-STATUS', 'LIST-MYRIGHTS', 'LIST-METADATA', 'SPECIAL-USE'],
  expunge: 'yes',
  parse: (args) => expectListArguments(args),
  run: async (context, args) => {
    const { ops, session, out } = context;
    if (!args.extended && args.patterns[0] === '') {
      // RFC 3501 §6.3.8: an empty name asks for the hierarchy delimiter and the root of the reference.
      out.untagged('LIST (\\Noselect) "/" ""');
      return;
    }
    const { user } = session.account;
    const ghosts = args.select.has('SUBSCRIBED') ? await ops.mailboxes.subscribedGhosts(user) : [];
    const all = [...(await ops.mailboxes.list(user)), ...(await sharedTree(context))];
    const lines = listMailboxes(all, ghosts, args);
    for (const line of lines) {
      writeLine(context, 'LIST', line);
      if (args.options.status !== undefined && line.mailbox !== undefined)
        await writeStatus(context, line.mailbox, args.options.status);
      const entries = args.options.metadata;
      if (entries !== undefined && line.mailbox !== undefined) await writeEntries(context, line, entries);
      if (args.options.myRights && line.mailbox !== undefined) await writeRights(context, line);
      if (out.isFull) await out.drain();
    }
  },
});

/** RFC 9590: the entries that have a value; NIL for the others, as GETMETADATA does. */
async function writeEntries(context: CommandContext, line: ListLine, entries: readonly string[]): Promise<void> {
  const { mailbox } = line;
  if (mailbox === undefined) return;
  const stored = await context.ops.metadata.get(context.session.account.user, mailbox.user, mailbox.id);
  const names = entries.map((entry) => entry.toLowerCase());
  writeMetadata(
    context.out,
    line.path,
    stored.filter(({ entry }) => names.includes(entry)),
    names.filter((name) => !stored.some(({ entry }) => entry === name)),
  );
}

/** RFC 8440. */
async function writeRights(context: CommandContext, line: ListLine): Promise<void> {
  const found = await findMailbox(context, line.path);
  if (found !== undefined) context.out.raw('* MYRIGHTS ').mailbox(line.path).sp().astring(shownRights(found.rights)).crlf();
}

const lsub = command<LsubArguments>({
  names: ['LSUB'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.9',
  expunge: 'yes',
  parse: (args) => expectLsubArguments(args),
  run: async (context, { reference, pattern }) => {
    const { ops, session, out } = context;
    if (pattern === '') {
      out.untagged('LSUB (\\Noselect) "/" ""');
      return;
    }
    const { user } = session.account;
    const ghosts = await ops.mailboxes.subscribedGhosts(user);
    for (const line of listSubscribed(
      [...(await ops.mailboxes.list(user)), ...(await sharedTree(context))],
      ghosts,
      reference,
      pattern,
    ))
      writeLine(context, 'LSUB', line);
  },
});

const status = command<StatusArguments>({
  names: ['STATUS'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.10, 8438, 8474 §4.3, 7889 §4',
  capabilities: ({ state, maxMessageBytes }) =>
    state === 'not-authenticated' ? [] : ['STATUS=SIZE', `APPENDLIMIT=${maxMessageBytes}`],
  expunge: 'yes',
  parse: (args) => expectStatusArguments(args),
  run: async (context, { mailbox: name, items }) => {
    const found = await resolveMailbox(context, name, { needs: 'r' });
    await writeStatus(context, { ...found.mailbox, path: found.name }, items);
  },
});

export const listCommands: readonly CommandSpec[] = [list, lsub, status];
