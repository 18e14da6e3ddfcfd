/** SEARCH and UID SEARCH, with RETURN options (ESEARCH, SEARCHRES, PARTIAL). */

import { UidSet } from '../../../mail/uid-set.ts';
import { type CommandContext, type CommandSpec, SELECTED, command, no, ok } from '../command.ts';
import { enableFeature } from '../enable.ts';
import { seqsOf } from '../message-set.ts';
import { answerSearch } from '../search/answer.ts';
import { needsOf } from '../search/evaluate.ts';
import { SHOWN_CHARSETS, prepareSearch } from '../search/prepare.ts';
import { highestModseq, runSearch } from '../search/run.ts';
import { type SearchProgram, expectSearchProgram, someSearchKey } from '../wire/search-keys.ts';
import { type SearchReturn, trySearchReturn } from '../wire/search-return.ts';
import { responseCode } from '../wire/writer.ts';

type SearchArguments = { readonly options: SearchReturn | undefined; readonly program: SearchProgram };

const search = command<SearchArguments>({
  names: ['SEARCH', 'UID SEARCH'],
  states: SELECTED,
  rfc: '3501 §6.4.4, 4731, 5032, 5182, 7162 §3.1.5, 9394',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['ESEARCH', 'SEARCHRES', 'WITHIN', 'PARTIAL', 'INPROGRESS']),
  expunge: 'uid',
  byNumber: true,
  parse: (args) => {
    const options = trySearchReturn(args);
    if (options?.update === true || options?.relevancy === true) throw args.fault('Unknown RETURN option');
    const program = expectSearchProgram(args);
    if (someSearchKey(program.key, (key) => key.key === 'FILTER' || key.key === 'FUZZY')) throw args.fault('Unknown search key');
    return { options, program };
  },
  run: async (context, { options, program }, { name, uid, tag }) => {
    const { session } = context;
    const key = prepareSearch(session, program);
    if (key === undefined) {
      // RFC 5182 §2.1: a SEARCH that fails with SAVE empties the variable.
      if (options?.save === true) session.saved = UidSet.empty;
      return no('That charset is not known', responseCode.badCharset(SHOWN_CHARSETS));
    }
    const byModseq = someSearchKey(program.key, (one) => one.key === 'MODSEQ');
    if (byModseq) enableFeature(context, 'CONDSTORE');
    let found: UidSet;
    try {
      found = await runSearch(context, key, needsOf(program.key), Date.now(), tag);
    } catch (error) {
      if (options?.save === true) session.saved = UidSet.empty;
      throw error;
    }
    // RFC 9051 §6.4.4: with IMAP4rev2 every answer is an ESEARCH.
    const wanted = options ?? (session.isEnabled('IMAP4rev2') ? ALL : undefined);
    if (wanted === undefined) writeSearch(context, found, uid, byModseq);
    else writeExtended(context, found, uid, byModseq, wanted, tag);
    return ok(`${name} completed`);
  },
});

const ALL: SearchReturn = {
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

export const searchCommands: readonly CommandSpec[] = [search];
