/** SEARCH and UID SEARCH, with RETURN options (ESEARCH, SEARCHRES, PARTIAL, CONTEXT), FILTER and FUZZY; CANCELUPDATE. */
import { UidSet } from '../../../mail/uid-set.ts';
import { type CommandContext, type CommandSpec, SELECTED, command, no, ok } from '../command.ts';
import { enableFeature } from '../enable.ts';
import { seqsOf } from '../message-set.ts';
import { answerSearch } from '../search/answer.ts';
import { needsOf } from '../search/evaluate.ts';
import { UndefinedFilter, expandFilters, usesFilters } from '../search/filters.ts';
import { SHOWN_CHARSETS, prepareSearch } from '../search/prepare.ts';
import { highestModseq, runSearch } from '../search/run.ts';
import { MAX_SORTED_MESSAGES, MAX_UPDATING_SEARCHES, type UpdatingSearch } from '../search/updates.ts';
import { type SearchProgram, expectSearchProgram, someSearchKey } from '../wire/search-keys.ts';
import { type SearchReturn, trySearchReturn } from '../wire/search-return.ts';
import { responseCode } from '../wire/writer.ts';

type SearchArguments = { readonly options: SearchReturn | undefined; readonly program: SearchProgram };

const CAPABILITIES = ['ESEARCH', 'SEARCHRES', 'WITHIN', 'PARTIAL', 'INPROGRESS', 'CONTEXT=SEARCH', 'FILTERS', 'SEARCH=FUZZY'];

const search = command<SearchArguments>({
  names: ['SEARCH', 'UID SEARCH'],
  states: SELECTED,
  rfc: '3501 §6.4.4, 4731, 5032, 5182, 5267, 5466, 6203, 7162 §3.1.5, 9394',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : CAPABILITIES),
  expunge: 'uid',
  byNumber: true,
  parse: (args) => ({ options: trySearchReturn(args), program: expectSearchProgram(args) }),
  run: async (context, args, { name, uid, tag }) => {
    const { session } = context;
    const { options } = args;
    const fail = <T>(result: T): T => {
      // RFC 5182 §2.1: a SEARCH that fails with SAVE empties the variable.
      if (options?.save === true) session.saved = UidSet.empty;
      return result;
    };
    if (options?.update === true && session.searches.some((one) => one.tag === tag)) {
      // RFC 5267 §4.3: a tag in use is BAD.
      return { status: 'BAD', text: 'A search of that tag is being updated' };
    }
    try {
      const program = usesFilters(args.program) ? await expandFilters(context, args.program) : args.program;
      const key = prepareSearch(session, program);
      if (key === undefined) return fail(no('That charset is not known', responseCode.badCharset(SHOWN_CHARSETS)));
      const byModseq = someSearchKey(program.key, (one) => one.key === 'MODSEQ');
      if (byModseq) enableFeature(context, 'CONDSTORE');
      const found = await runSearch(context, key, needsOf(program.key), Date.now(), tag);
      // RFC 9051 §6.4.4: with IMAP4rev2 every answer is an ESEARCH.
      const wanted = options ?? (session.isEnabled('IMAP4rev2') ? ALL_RESULTS : undefined);
      if (wanted === undefined) writeSearch(context, found, uid, byModseq);
      else writeExtended(context, found, uid, byModseq, wanted, tag);
      if (options?.update === true) {
        const needs = needsOf(program.key);
        keepUpdated(context, { tag, uid, key, needs, items: options.updateItems, result: found, sorted: undefined });
      }
      return ok(`${name} completed`);
    } catch (error) {
      fail(undefined);
      if (error instanceof UndefinedFilter) return no('There is no such filter', `UNDEFINED-FILTER ${error.filter}`);
      throw error;
    }
  },
});

/** Tells from now on what enters and leaves the result, or that this can't be done (RFC 5267 §4.3.1). */
export function keepUpdated({ session, out }: CommandContext, search: UpdatingSearch): void {
  const { searches } = session;
  const sorted = [...searches, search].reduce((sum, one) => sum + (one.sorted === undefined ? 0 : one.result.count), 0);
  if (searches.length >= MAX_UPDATING_SEARCHES || sorted > MAX_SORTED_MESSAGES) {
    out.untaggedStatus('NO', 'Too many searches are being updated', `NOUPDATE "${search.tag}"`);
    return;
  }
  session.searches = [...searches, search];
}

const cancelUpdate = command<readonly string[]>({
  names: ['CANCELUPDATE'],
  states: SELECTED,
  rfc: '5267 §4.5',
  expunge: 'yes',
  parse: (args) => {
    const tags: string[] = [];
    args.expectSp();
    do tags.push(args.expectString('a tag').toString('latin1'));
    while (args.trySp());
    args.expectEnd();
    return tags;
  },
  run: async ({ session }, tags) => {
    if (!tags.every((tag) => session.searches.some((one) => one.tag === tag)))
      return { status: 'BAD', text: 'No search of that tag is being updated' };
    session.searches = session.searches.filter((one) => !tags.includes(one.tag));
    return ok('CANCELUPDATE completed');
  },
});

/** What a search without RETURN options answers as an ESEARCH. */
export const ALL_RESULTS: SearchReturn = {
  min: false,
  max: false,
  all: true,
  count: false,
  save: false,
  relevancy: false,
  context: false,
  update: false,
  updateItems: [],
  partial: undefined,
};

function writeSearch({ out, session }: CommandContext, found: UidSet, uid: boolean, byModseq: boolean): void {
  const numbers = uid ? found.toArray() : seqsOf(session, found);
  // RFC 7162 §3.1.5: no MODSEQ when nothing was found.
  const modseq = byModseq && numbers.length > 0 ? ` (MODSEQ ${highestModseq(session.box, found)})` : '';
  out.raw('* SEARCH');
  for (const number of numbers) out.raw(` ${number}`);
  out.raw(`${modseq}\r\n`);
}

function writeExtended(
  { out, session }: CommandContext,
  found: UidSet,
  uid: boolean,
  byModseq: boolean,
  options: SearchReturn,
  tag: string,
): void {
  const { box } = session;
  const toUids = (numbers: UidSet): UidSet => (uid ? numbers : box.uidsOfSeqs(numbers));
  const numbers = uid ? found : UidSet.fromSorted(seqsOf(session, found));
  const answer = answerSearch(tag, uid, numbers, options, byModseq ? (some) => highestModseq(box, toUids(some)) : undefined);
  if (options.save) session.saved = toUids(answer.saved);
  if (answer.text !== undefined) out.raw(`${answer.text}\r\n`);
}

export const searchCommands: readonly CommandSpec[] = [search, cancelUpdate];
