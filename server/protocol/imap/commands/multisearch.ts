/** ESEARCH over several mailboxes (RFC 7377). */
import { SEPARATOR } from '../../../mail/mailbox-path.ts';
import { type CommandContext, type CommandSpec, AUTHENTICATED, command, no, ok } from '../command.ts';
import { type ResolvedMailbox, findMailbox, sharedMailboxes } from '../mailbox-names.ts';
import { answerSearch } from '../search/answer.ts';
import { needsOf } from '../search/evaluate.ts';
import { SHOWN_CHARSETS, prepareSearch } from '../search/prepare.ts';
import { highestModseq, runSearch } from '../search/run.ts';
import { ALL_RESULTS } from './search.ts';
import { Session } from '../session.ts';
import { ALL_RIGHTS } from '../../../mail/rights.ts';
import { type MailboxFilter, trySearchSources } from '../wire/mailbox-filter.ts';
import { type SearchProgram, expectSearchProgram, someSearchKey } from '../wire/search-keys.ts';
import { type SearchReturn, trySearchReturn } from '../wire/search-return.ts';
import { responseCode } from '../wire/writer.ts';

type Arguments = {
  readonly sources: readonly MailboxFilter[] | undefined;
  readonly options: SearchReturn | undefined;
  readonly program: SearchProgram;
};

const esearch = command<Arguments>({
  names: ['ESEARCH'],
  states: AUTHENTICATED,
  rfc: '7377',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['MULTISEARCH']),
  expunge: 'no',
  parse: (args) => {
    const sources = trySearchSources(args);
    const options = trySearchReturn(args);
    // RFC 7377 §2.2: SAVE and UPDATE are for the selected mailbox alone; there UID SEARCH has them.
    if (options?.save === true || options?.update === true) throw args.fault('SAVE and UPDATE go with UID SEARCH');
    const program = expectSearchProgram(args);
    if (someSearchKey(program.key, (key) => key.key === 'FILTER')) throw args.fault('FILTER goes with SEARCH');
    return { sources, options, program };
  },
  run: async (context, { sources, options, program }, { tag }) => {
    const wanted = sources ?? [{ kind: 'selected' } as const];
    if (wanted.some(({ kind }) => kind === 'selected') && context.session.state !== 'selected') {
      return { status: 'BAD', text: 'No mailbox is selected' };
    }
    for (const found of await mailboxesOf(context, wanted)) {
      const answer = await searchOne(context, found, program, options ?? ALL_RESULTS, tag);
      if (answer === 'bad-charset') return no('That charset is not known', responseCode.badCharset(SHOWN_CHARSETS));
      if (context.out.isFull) await context.out.drain();
    }
    return ok('ESEARCH completed');
  },
});

async function searchOne(
  context: CommandContext,
  { mailbox, name }: ResolvedMailbox,
  program: SearchProgram,
  options: SearchReturn,
  tag: string,
): Promise<'bad-charset' | undefined> {
  const hold = await context.ops.views.open(mailbox.user, mailbox.id);
  // A session of its own: a position on that mailbox, nothing told to anybody.
  const session = new Session();
  session.authenticate(context.session.account);
  session.select(mailbox, hold, true);
  try {
    const key = prepareSearch(session, program);
    if (key === undefined) return 'bad-charset';
    const found = await runSearch({ ...context, session }, key, needsOf(program.key), Date.now(), tag);
    if (found.isEmpty) return undefined;
    const byModseq = someSearchKey(program.key, (one) => one.key === 'MODSEQ');
    const answer = answerSearch(tag, true, found, options, byModseq ? (some) => highestModseq(session.box, some) : undefined);
    const results = (answer.text ?? '').replace(/^\* ESEARCH \(TAG "[^"]*"\)/, '');
    context.out
      .raw(`* ESEARCH (TAG "${tag}" MAILBOX `)
      .mailbox(name)
      .raw(` UIDVALIDITY ${mailbox.uidValidity})${results}`)
      .crlf();
    return undefined;
  } finally {
    session.logout();
  }
}

/** What the sources name and the user may read; each mailbox once. What is not there or not allowed is left out (RFC 7377 §2.2). */
async function mailboxesOf(context: CommandContext, sources: readonly MailboxFilter[]): Promise<readonly ResolvedMailbox[]> {
  const { ops, session } = context;
  const found = new Map<string, ResolvedMailbox>();
  const add = (one: ResolvedMailbox | undefined): void => {
    if (one !== undefined && !one.mailbox.noSelect && one.rights.includes('r')) found.set(one.mailbox.id, one);
  };
  const own = (await ops.mailboxes.list(session.account.user)).map((mailbox) => ({
    mailbox,
    rights: ALL_RIGHTS,
    name: mailbox.path,
  }));
  for (const source of sources) {
    switch (source.kind) {
      case 'selected':
      case 'selected-delayed':
        add(session.state === 'selected' ? await findMailbox(context, session.mailbox.path) : undefined);
        break;
      // RFC 5465 §6.3: rules may deliver into any mailbox of one's own.
      case 'inboxes':
      case 'personal':
        own.forEach(add);
        break;
      case 'subscribed':
        own.filter(({ mailbox }) => mailbox.subscribed).forEach(add);
        break;
      case 'mailboxes':
        for (const name of source.mailboxes) add(await findMailbox(context, name));
        break;
      case 'subtree':
      case 'subtree-one': {
        const all = [...own, ...(await sharedMailboxes(context))];
        for (const name of source.mailboxes) {
          const below = all.filter((one) => isWithin(one.name, name, source.kind === 'subtree-one'));
          below.forEach(add);
        }
      }
    }
  }
  return [...found.values()];
}

function isWithin(path: string, top: string, oneLevel: boolean): boolean {
  if (path === top) return true;
  const prefix = top === '' ? '' : `${top}${SEPARATOR}`;
  return path.startsWith(prefix) && (!oneLevel || !path.slice(prefix.length).includes(SEPARATOR));
}

export const multisearchCommands: readonly CommandSpec[] = [esearch];
