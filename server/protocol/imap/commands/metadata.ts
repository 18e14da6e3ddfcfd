/** GETMETADATA and SETMETADATA (RFC 5464), for mailboxes and for the account (""). */
import { refused } from '../../../base/fault.ts';
import { EVERYBODY, type MailboxId, type UserId } from '../../../mail/ids.ts';
import { isAdministrator } from '../administrators.ts';
import { type CommandContext, type CommandSpec, AUTHENTICATED, command, ok } from '../command.ts';
import { isInternalEntry, resolveMailbox } from '../mailbox-names.ts';
import type { ImapOutput } from '../output.ts';
import type { ArgumentParser } from '../wire/parser.ts';

type Place = { readonly owner: UserId; readonly mailbox: MailboxId | undefined; readonly name: string };

/** "" is the account itself. RFC 5464 §4.2: what is set on a mailbox needs its rights. */
async function placeOf(context: CommandContext, name: string, needs: string): Promise<Place> {
  if (name === '') return { owner: context.session.account.user, mailbox: undefined, name };
  const found = await resolveMailbox(context, name, { needs, anyName: true });
  return { owner: found.mailbox.user, mailbox: found.mailbox.noSelect ? undefined : found.mailbox.id, name: found.name };
}

/** RFC 5464 §3.2: names compare without case, have no wildcards and no empty level. */
function expectEntry(args: ArgumentParser): string {
  const entry = args.expectText('an entry name').toLowerCase();
  if (!/^\/(?:private|shared)(?:\/[^/*%]+)+$/.test(entry)) throw args.fault('Expected an entry name below /private or /shared');
  return entry;
}

function isServerEntry(entry: string): boolean {
  return entry.startsWith('/shared/');
}

type GetArguments = {
  readonly mailbox: string;
  readonly entries: readonly string[];
  readonly maxSize: number | undefined;
  readonly depth: '0' | '1' | 'INFINITY';
};

const getMetadata = command<GetArguments>({
  names: ['GETMETADATA'],
  states: AUTHENTICATED,
  rfc: '5464 §4.2',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['METADATA']),
  expunge: 'yes',
  parse: (args) => {
    let maxSize: number | undefined;
    let depth: GetArguments['depth'] = '0';
    const option = (): void => {
      const word = args.expectKeyword('an option');
      args.expectSp();
      if (word === 'MAXSIZE') maxSize = args.expectNumber();
      else if (word === 'DEPTH') {
        const value = args.expectKeyword('a depth');
        if (value !== '0' && value !== '1' && value !== 'INFINITY') throw args.fault('Expected 0, 1 or infinity');
        depth = value;
      } else throw args.fault('Unknown option');
    };
    args.expectSp();
    // The grammar has the options first, the RFC's examples have them behind the mailbox: both are about.
    if (args.tryList(option) !== undefined) args.expectSp();
    const mailbox = args.expectMailbox();
    args.expectSp();
    let entries: readonly string[];
    if (args.peekIs('(') && args.attempt(() => (args.tryChar('(') && args.peekKeyword() !== undefined ? true : undefined))) {
      do option();
      while (args.trySp());
      args.expectChar(')');
      args.expectSp();
    }
    entries = args.tryList(() => expectEntry(args)) ?? [expectEntry(args)];
    args.expectEnd();
    return { mailbox, entries, maxSize, depth };
  },
  run: async (context, { mailbox: given, entries, maxSize, depth }) => {
    const { ops, session, out } = context;
    const { owner, mailbox, name } = await placeOf(context, given, 'lr');
    const { user } = session.account;
    const kept = await ops.metadata.get(user, owner, mailbox);
    // "" is the account for private entries and the server for shared ones.
    const all =
      given !== ''
        ? kept
        : [...kept.filter(({ entry }) => !isServerEntry(entry)), ...(await ops.metadata.get(user, EVERYBODY, undefined))];
    const stored = all.filter(({ entry }) => !isInternalEntry(entry));
    const shown = stored.filter(({ entry }) => entries.some((wanted) => isBelow(entry, wanted, depth)));
    const fits = shown.filter(({ value }) => maxSize === undefined || value.length <= maxSize);
    const missing = depth === '0' ? entries.filter((wanted) => !stored.some(({ entry }) => entry === wanted)) : [];
    writeMetadata(out, name, fits, missing);
    const longest = Math.max(0, ...shown.filter((one) => !fits.includes(one)).map(({ value }) => value.length));
    return ok('GETMETADATA completed', longest === 0 ? undefined : `METADATA LONGENTRIES ${longest}`);
  },
});

/** `* METADATA name (entry value …)`; nothing when there is nothing to tell. */
export function writeMetadata(
  out: ImapOutput,
  name: string,
  entries: readonly { readonly entry: string; readonly value: Buffer }[],
  missing: readonly string[],
): void {
  if (entries.length + missing.length === 0) return;
  out.raw('* METADATA ').mailbox(name).raw(' (');
  let separator = '';
  for (const { entry, value } of entries) {
    out.raw(separator).astring(entry).sp().nstringBytes(value);
    separator = ' ';
  }
  for (const entry of missing) {
    out.raw(separator).astring(entry).raw(' NIL');
    separator = ' ';
  }
  out.raw(')').crlf();
}

function isBelow(entry: string, wanted: string, depth: GetArguments['depth']): boolean {
  if (entry === wanted) return true;
  if (depth === '0' || !entry.startsWith(`${wanted}/`)) return false;
  return depth === 'INFINITY' || !entry.slice(wanted.length + 1).includes('/');
}

type SetArguments = {
  readonly mailbox: string;
  readonly entries: readonly { readonly entry: string; readonly value: Buffer | undefined }[];
};

const setMetadata = command<SetArguments>({
  names: ['SETMETADATA'],
  states: AUTHENTICATED,
  rfc: '5464 §4.3',
  expunge: 'yes',
  secret: true,
  parse: (args) => {
    args.expectSp();
    const mailbox = args.expectMailbox();
    args.expectSp();
    const entries = args.expectList(() => {
      const entry = expectEntry(args);
      args.expectSp();
      return { entry, value: args.expectBinaryNstring() ?? undefined };
    });
    args.expectEnd();
    return { mailbox, entries };
  },
  run: async (context, { mailbox: given, entries }) => {
    const { ops, session } = context;
    const isShared = entries.some(({ entry }) => entry.startsWith('/shared/'));
    // RFC 5464 §4.3: server entries below /shared are the administrator's.
    if (given === '' && isShared && !isAdministrator(context)) throw refused('NOPERM', 'Only an administrator can set that');
    if (entries.some(({ entry }) => isInternalEntry(entry))) throw refused('NOPERM', 'That entry is the server’s own');
    const { owner, mailbox } = await placeOf(context, given, isShared ? 'lrw' : 'lr');
    if (given !== '' && mailbox === undefined) throw refused('CANNOT', 'That name is not a mailbox');
    const set = (whose: UserId, some: SetArguments['entries']): Promise<void> => {
      if (some.length === 0) return Promise.resolve();
      const change = (): Promise<void> => ops.metadata.set(session.account.user, whose, mailbox, some);
      return session.metadata === undefined ? change() : session.metadata.whileChanging(whose, mailbox, change);
    };
    if (given !== '') return set(owner, entries);
    await set(
      EVERYBODY,
      entries.filter(({ entry }) => isServerEntry(entry)),
    );
    return set(
      owner,
      entries.filter(({ entry }) => !isServerEntry(entry)),
    );
  },
});

export const metadataCommands: readonly CommandSpec[] = [getMetadata, setMetadata];
