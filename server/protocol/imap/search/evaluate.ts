/**
 * Whether a message matches a SEARCH program, with what is known of it so far (RFC 9051 §6.4.4). Pure.
 *
 * The answer is three-valued: `undefined` means "needs more than is loaded". So one function serves every stage: first over the view's rows alone, then,
 * for what is still undecided, over metadata, summaries and texts. Texts and needles are folded by i;unicode-casemap beforehand.
 */
import { hasFlag } from '../../../mail/flags.ts';
import { dayOf } from '../../../mail/internal-date.ts';
import type { Modseq, Uid } from '../../../mail/ids.ts';
import type { UidSet } from '../../../mail/uid-set.ts';
import { headerContains } from '../../../mime/text.ts';
import type { Flags } from '../../../operations/contract.ts';
import { type SearchKey, someSearchKey } from '../wire/search-keys.ts';

/** What a search may look at. The view's facts are always there, the others once loaded. */
export type SearchRow = {
  readonly uid: Uid;
  readonly flags: Flags;
  readonly recent: boolean;
  readonly modseq: Modseq;
  readonly sizeBytes: number;
  readonly internalDateMs: number;
  readonly savedAtMs?: number | undefined;
  readonly emailId?: string | undefined;
  readonly threadId?: string | undefined;
  /** Days since 1970-01-01 as written in the Date header; null when it has none that can be read. */
  readonly sentDay?: number | null | undefined;
  /** Folded, a line `NAME: value` per field. */
  readonly header?: string | undefined;
  readonly body?: string | undefined;
};

/** A program ready to be evaluated: sets are UIDs, texts are folded. */
export type ReadyKey = Exclude<SearchKey<string>, { key: 'SEQ' | 'UID' | 'OR' | 'AND' | 'NOT' | 'FUZZY' | 'FILTER' }> | ReadyNode;
type ReadyNode =
  | { readonly key: 'UIDS'; readonly uids: UidSet }
  | { readonly key: 'NOT'; readonly of: ReadyKey }
  | { readonly key: 'OR'; readonly either: readonly [ReadyKey, ReadyKey] }
  | { readonly key: 'AND'; readonly all: readonly ReadyKey[] };

export function matches(key: ReadyKey, row: SearchRow, nowMs: number): boolean | undefined {
  switch (key.key) {
    case 'AND': {
      let unsure = false;
      for (const one of key.all) {
        const result = matches(one, row, nowMs);
        if (result === false) return false;
        if (result === undefined) unsure = true;
      }
      return unsure ? undefined : true;
    }
    case 'OR': {
      const left = matches(key.either[0], row, nowMs);
      if (left === true) return true;
      const right = matches(key.either[1], row, nowMs);
      if (right === true) return true;
      return left === undefined || right === undefined ? undefined : false;
    }
    case 'NOT': {
      const result = matches(key.of, row, nowMs);
      return result === undefined ? undefined : !result;
    }
    case 'UIDS':
      return key.uids.has(row.uid);
    case 'ALL':
    case 'SAVEDATESUPPORTED':
      return true;
    case 'RECENT':
      return row.recent;
    case 'OLD':
      return !row.recent;
    case 'NEW':
      return row.recent && !row.flags.includes('\\Seen');
    case 'FLAG':
      return hasFlag(row.flags, key.flag) === key.isSet;
    case 'SIZE':
      return key.relation === 'larger' ? row.sizeBytes > key.sizeBytes : row.sizeBytes < key.sizeBytes;
    case 'DATE':
      return matchesDate(key, row);
    case 'AGE': {
      const ageMs = nowMs - row.internalDateMs;
      // RFC 5032 §2: OLDER n is at least n seconds old, YOUNGER n at most.
      return key.relation === 'older' ? ageMs >= key.seconds * 1000 : ageMs <= key.seconds * 1000;
    }
    case 'MODSEQ':
      return row.modseq >= key.modseq;
    case 'EMAILID':
      return row.emailId === undefined ? undefined : row.emailId === key.id;
    case 'THREADID':
      return row.threadId === undefined ? undefined : row.threadId === key.id;
    case 'HEADER':
      return row.header === undefined ? undefined : headerContains(row.header, key.field, key.text);
    case 'BODY':
      if (key.text === '') return true;
      return row.body === undefined ? undefined : row.body.includes(key.text);
    case 'TEXT':
      if (key.text === '') return true;
      if (row.header?.includes(key.text) === true) return true;
      return row.header === undefined || row.body === undefined ? undefined : row.body.includes(key.text);
  }
}

function matchesDate(key: Extract<ReadyKey, { key: 'DATE' }>, row: SearchRow): boolean | undefined {
  let day: number | null | undefined;
  if (key.of === 'internal') day = dayOf(row.internalDateMs);
  else if (key.of === 'saved') day = row.savedAtMs === undefined ? undefined : dayOf(row.savedAtMs);
  else day = row.sentDay;
  if (day === undefined) return undefined;
  if (day === null) return false;
  if (key.relation === 'before') return day < key.day;
  return key.relation === 'on' ? day === key.day : day >= key.day;
}

/** What has to be loaded, beyond the view, to decide every message. */
export type SearchNeeds = {
  readonly metadata: boolean;
  readonly summary: boolean;
  readonly header: boolean;
  readonly body: boolean;
};

export function needsOf(key: SearchKey<unknown>): SearchNeeds {
  const some = (test: (one: SearchKey<unknown>) => boolean): boolean => someSearchKey(key, test);
  return {
    metadata: some((one) => one.key === 'EMAILID' || one.key === 'THREADID' || (one.key === 'DATE' && one.of === 'saved')),
    summary: some((one) => one.key === 'DATE' && one.of === 'sent'),
    header: some((one) => one.key === 'HEADER' || one.key === 'TEXT'),
    body: some((one) => one.key === 'BODY' || one.key === 'TEXT'),
  };
}
