/** SORT, THREAD and their UID forms; RETURN options for SORT (ESORT). */
import type { Uid } from '../../../mail/ids.ts';
import { UidSet } from '../../../mail/uid-set.ts';
import type { MessageSummary } from '../../../operations/contract.ts';
import { type CommandContext, type CommandSpec, SELECTED, command, no, ok } from '../command.ts';
import { enableFeature } from '../enable.ts';
import { answerSort } from '../search/answer.ts';
import { needsOf } from '../search/evaluate.ts';
import { SHOWN_CHARSETS, prepareSearch } from '../search/prepare.ts';
import { highestModseq, runSearch } from '../search/run.ts';
import { eachSummary, readSortRows } from '../search/sort-rows.ts';
import { SortedResult } from '../search/sorted-result.ts';
import { type ThreadRow, formatThreads, threadByOrderedSubject, threadByReferences } from '../search/thread.ts';
import { type SearchProgram, someSearchKey } from '../wire/search-keys.ts';
import { type SortArguments, type ThreadArguments, expectSortArguments, expectThreadArguments } from '../wire/sort-keys.ts';
import { keepUpdated } from './search.ts';
import { foldCase } from '../../../mime/casefold.ts';
import { responseCode } from '../wire/writer.ts';

const sort = command<SortArguments>({
  names: ['SORT', 'UID SORT'],
  states: SELECTED,
  rfc: '5256, 5957, 5267',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['SORT', 'SORT=DISPLAY', 'ESORT', 'CONTEXT=SORT']),
  expunge: 'uid',
  byNumber: true,
  parse: (args) => expectSortArguments(args),
  run: async (context, { options, criteria, program }, { name, uid, tag }) => {
    const { session, out } = context;
    if (options?.update === true && session.searches.some((one) => one.tag === tag)) {
      // RFC 5267 §4.3: a tag in use is BAD.
      return { status: 'BAD', text: 'A search of that tag is being updated' };
    }
    const key = prepareSearch(session, program);
    if (key === undefined) {
      if (options?.save === true) session.saved = UidSet.empty;
      return badCharset();
    }
    if (usesModseq(program)) enableFeature(context, 'CONDSTORE');
    const { box } = session;
    const needs = needsOf(program.key);
    const found = await runSearch(context, key, needs, Date.now(), tag);
    const rows = new SortedResult(criteria, await readSortRows(context, found, criteria));
    const numbers = uid ? rows.uids : rows.uids.flatMap((one) => box.seqOf(one as Uid) ?? []);
    const modseq = usesModseq(program) && !found.isEmpty ? highestModseq(box, found) : undefined;
    if (options === undefined) {
      out.raw('* SORT');
      for (const number of numbers) out.raw(` ${number}`);
      out.raw(modseq === undefined ? '\r\n' : ` (MODSEQ ${modseq})\r\n`);
    } else {
      const text = answerSort(tag, uid, numbers, options, modseq);
      if (options.save) session.saved = found;
      if (text !== undefined) out.raw(`${text}\r\n`);
    }
    if (options?.update === true) {
      // The rows may lack what went while it was read.
      const result = UidSet.from([...rows.uids]);
      keepUpdated(context, { tag, uid, key, needs, items: options.updateItems, result, sorted: { criteria, rows } });
    }
    return ok(`${name} completed`);
  },
});

const thread = command<ThreadArguments>({
  names: ['THREAD', 'UID THREAD'],
  states: SELECTED,
  rfc: '5256 §3',
  capabilities: ({ state }) =>
    state === 'not-authenticated' ? [] : ['THREAD=ORDEREDSUBJECT', 'THREAD=REFERENCES', 'I18NLEVEL=1'],
  expunge: 'uid',
  byNumber: true,
  parse: (args) => {
    const parsed = expectThreadArguments(args);
    if (parsed.algorithm === 'REFS') throw args.fault('Unknown threading algorithm');
    return parsed;
  },
  run: async (context, { algorithm, program }, { name, uid, tag }) => {
    const { session, out } = context;
    const found = await find(context, program, tag);
    if (found === undefined) return badCharset();
    const rows: ThreadRow[] = [];
    await eachSummary(context, found, (at, summary) => {
      const number = uid ? at : session.box.seqOf(at);
      if (number !== undefined) rows.push(threadRow(context, at, number, summary));
    });
    rows.sort((a, b) => a.number - b.number);
    const threads = algorithm === 'ORDEREDSUBJECT' ? threadByOrderedSubject(rows) : threadByReferences(rows);
    const text = formatThreads(threads);
    out.raw(text === '' ? '* THREAD\r\n' : `* THREAD ${text}\r\n`);
    return ok(`${name} completed`);
  },
});

/** undefined when the charset is not known. */
async function find(context: CommandContext, program: SearchProgram, tag: string): Promise<UidSet | undefined> {
  const key = prepareSearch(context.session, program);
  if (key === undefined) return undefined;
  if (usesModseq(program)) enableFeature(context, 'CONDSTORE');
  return runSearch(context, key, needsOf(program.key), Date.now(), tag);
}

function usesModseq(program: SearchProgram): boolean {
  return someSearchKey(program.key, (one) => one.key === 'MODSEQ');
}

function badCharset() {
  return no('That charset is not known', responseCode.badCharset(SHOWN_CHARSETS));
}

function threadRow({ session }: CommandContext, uid: Uid, number: number, summary: MessageSummary): ThreadRow {
  const { references, inReplyTo } = summary;
  return {
    number,
    dateMs: summary.sentDate?.epochMs ?? session.box.internalDateOf(uid) ?? 0,
    subject: foldCase(summary.baseSubject),
    subjectIsReply: summary.subjectIsReply,
    messageId: summary.messageId,
    // RFC 5256 §3: In-Reply-To counts by its first id, and only without References.
    references: references.length > 0 ? references : inReplyTo.slice(0, 1),
  };
}

export const sortCommands: readonly CommandSpec[] = [sort, thread];
