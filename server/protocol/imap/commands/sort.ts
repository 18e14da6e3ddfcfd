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
import { type SortRow, needsSummaries, sortRows } from '../search/sort.ts';
import { type ThreadRow, formatThreads, threadByOrderedSubject, threadByReferences } from '../search/thread.ts';
import { type SearchProgram, someSearchKey } from '../wire/search-keys.ts';
import { type SortArguments, type ThreadArguments, expectSortArguments, expectThreadArguments } from '../wire/sort-keys.ts';
import { foldCase } from '../../../mime/casefold.ts';
import { responseCode } from '../wire/writer.ts';

const sort = command<SortArguments>({
  names: ['SORT', 'UID SORT'],
  states: SELECTED,
  rfc: '5256, 5957, 5267 §3',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['SORT', 'SORT=DISPLAY', 'ESORT', 'CONTEXT=SORT']),
  expunge: 'uid',
  byNumber: true,
  parse: (args) => {
    const parsed = expectSortArguments(args);
    return parsed;
  },
  run: async (context, { options, criteria, program }, { name, uid, tag }) => {
    const { session, out } = context;
    const found = await find(context, program, tag);
    // RFC 5267 §4.3.4: a sorted result is not kept up to date.
    if (options?.update === true) out.untaggedStatus('NO', 'Sorted results are not updated', `NOUPDATE "${tag}"`);
    if (found === undefined) {
      if (options?.save === true) session.saved = UidSet.empty;
      return badCharset();
    }
    const rows: SortRow[] = [];
    const add = (at: Uid, summary: MessageSummary | undefined): void => {
      const number = uid ? at : session.box.seqOf(at);
      if (number !== undefined) rows.push(sortRow(context, at, number, summary));
    };
    if (needsSummaries(criteria)) await eachSummary(context, found, add);
    else for (const at of found) add(at as Uid, undefined);
    const numbers = sortRows(rows, criteria);
    const modseq = usesModseq(program) && !found.isEmpty ? highestModseq(session.box, found) : undefined;
    if (options === undefined) {
      out.raw('* SORT');
      for (const number of numbers) out.raw(` ${number}`);
      out.raw(modseq === undefined ? '\r\n' : ` (MODSEQ ${modseq})\r\n`);
    } else {
      const text = answerSort(tag, uid, numbers, options, modseq);
      if (options.save) session.saved = found;
      if (text !== undefined) out.raw(`${text}\r\n`);
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
      if (number !== undefined && summary !== undefined) rows.push(threadRow(context, at, number, summary));
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

async function eachSummary(
  context: CommandContext,
  uids: UidSet,
  visit: (uid: Uid, summary: MessageSummary | undefined) => void,
): Promise<void> {
  const { ops, session } = context;
  const { user, mailbox } = session.box.view;
  for await (const batch of ops.reads.summaries(user, mailbox, uids)) for (const summary of batch) visit(summary.uid, summary);
}

function sortRow({ session }: CommandContext, uid: Uid, number: number, summary: MessageSummary | undefined): SortRow {
  const { box } = session;
  const arrivalMs = box.internalDateOf(uid) ?? 0;
  const keys = summary?.sort;
  return {
    number,
    arrivalMs,
    dateMs: summary?.sentDate?.epochMs ?? arrivalMs,
    sizeBytes: box.sizeOf(uid) ?? 0,
    subject: keys?.subject ?? '',
    from: keys?.from ?? '',
    to: keys?.to ?? '',
    cc: keys?.cc ?? '',
    displayFrom: keys?.displayFrom ?? '',
    displayTo: keys?.displayTo ?? '',
  };
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
