/** What a search asks for, from the fields of the call and from one line of text with prefixes (`from:anna has:attachment "exact words"`). */
import { foldNeedle } from '../../mime/casefold.ts';

/** Folded needles; all of them must be found. */
export type TextQuery = {
  readonly anywhere: readonly string[];
  readonly from: readonly string[];
  /** To, Cc and Bcc. */
  readonly to: readonly string[];
  readonly subject: readonly string[];
};

export type SearchQuery = {
  readonly mailbox: string | undefined;
  /** Path or special-use name of a mailbox. */
  readonly within: string | undefined;
  readonly uids: string | undefined;
  readonly thread: string | undefined;
  readonly text: TextQuery;
  /** One of these at least, when there are any. */
  readonly either: TextQuery | undefined;
  /** INTERNALDATE, ms. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly minBytes: number | undefined;
  readonly maxBytes: number | undefined;
  readonly attachments: boolean | undefined;
  readonly flagged: boolean | undefined;
  readonly unseen: boolean | undefined;
  /** Leaves out Junk and Trash. */
  readonly searchable: boolean;
};

export type SearchInput = {
  readonly q?: string | undefined;
  readonly mailbox?: string | undefined;
  readonly id?: string | undefined;
  readonly thread?: string | undefined;
  readonly or?: TextInput | undefined;
  readonly query?: string | undefined;
  readonly datestart?: Date | undefined;
  readonly dateend?: Date | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly subject?: string | undefined;
  readonly minSize?: number | undefined;
  readonly maxSize?: number | undefined;
  readonly attachments?: boolean | undefined;
  readonly flagged?: boolean | undefined;
  readonly unseen?: boolean | undefined;
  readonly searchable?: boolean | undefined;
};

type TextInput = {
  readonly query?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly subject?: string | undefined;
};

export function searchQueryOf(input: SearchInput): SearchQuery {
  const line = input.q === undefined ? {} : parseLine(input.q);
  const all = { ...line, ...withoutUndefined(input) };
  const text = textQuery(input);
  const lineText = line.text;
  return {
    mailbox: input.mailbox,
    within: line.within,
    uids: input.id,
    thread: input.thread,
    text: lineText === undefined ? text : join(text, lineText),
    either: input.or === undefined ? undefined : textQuery(input.or),
    fromMs: (all.datestart as Date | undefined)?.getTime(),
    toMs: (all.dateend as Date | undefined)?.getTime(),
    minBytes: all.minSize,
    maxBytes: all.maxSize,
    attachments: all.attachments,
    flagged: all.flagged,
    unseen: all.unseen,
    searchable: input.searchable === true,
  };
}

function withoutUndefined(input: SearchInput): SearchInput {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function textQuery({ query, from, to, subject }: TextInput): TextQuery {
  const whole = (value: string | undefined): string[] => (value === undefined || value === '' ? [] : [foldNeedle(value)]);
  return { anywhere: wordsOf(query ?? ''), from: whole(from), to: whole(to), subject: whole(subject) };
}

/** Words, and quoted phrases as one. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)]
    .map((match) => foldNeedle((match[1] ?? match[2] ?? '').trim()))
    .filter((word) => word !== '');
}

function join(a: TextQuery, b: TextQuery): TextQuery {
  return {
    anywhere: [...a.anywhere, ...b.anywhere],
    from: [...a.from, ...b.from],
    to: [...a.to, ...b.to],
    subject: [...a.subject, ...b.subject],
  };
}

export function isEmptyText(query: TextQuery): boolean {
  return query.anywhere.length + query.from.length + query.to.length + query.subject.length === 0;
}

type Line = {
  -readonly [K in 'datestart' | 'dateend']?: Date;
} & {
  minSize?: number;
  maxSize?: number;
  attachments?: boolean;
  flagged?: boolean;
  unseen?: boolean;
  within?: string;
  text?: TextQuery;
};

const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Prefixes that people know from other mail programs; what is none of them is a word to find. */
export function parseLine(line: string): Line {
  const result: Line = {};
  const text = { anywhere: [] as string[], from: [] as string[], to: [] as string[], subject: [] as string[] };
  for (const match of line.matchAll(/(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/gi)) {
    const prefix = (match[1] ?? '').toLowerCase();
    const value = (match[2] ?? match[3] ?? '').trim();
    if (value === '') continue;
    if (!apply(result, text, prefix, value)) text.anywhere.push(foldNeedle(prefix === '' ? value : `${match[1]}:${value}`));
  }
  result.text = text;
  return result;
}

function apply(result: Line, text: { from: string[]; to: string[]; subject: string[] }, prefix: string, value: string): boolean {
  const word = value.toLowerCase();
  switch (prefix) {
    case 'from':
    case 'to':
    case 'subject':
      text[prefix].push(foldNeedle(value));
      return true;
    case 'in':
      result.within = value;
      return true;
    case 'has':
      if (!/^attachments?$/.test(word)) return false;
      result.attachments = true;
      return true;
    case 'is': {
      if (word === 'unread' || word === 'unseen') result.unseen = true;
      else if (word === 'read' || word === 'seen') result.unseen = false;
      else if (word === 'flagged' || word === 'starred') result.flagged = true;
      else return false;
      return true;
    }
    case 'before':
    case 'after': {
      const date = new Date(value);
      if (Number.isNaN(date.getTime())) return false;
      result[prefix === 'before' ? 'dateend' : 'datestart'] = date;
      return true;
    }
    case 'larger':
    case 'smaller': {
      const size = /^(\d{1,9})([kmg]?)b?$/.exec(word);
      if (size === null) return false;
      result[prefix === 'larger' ? 'minSize' : 'maxSize'] = Number(size[1]) * (SIZES[size[2] ?? ''] ?? 1);
      return true;
    }
    default:
      return false;
  }
}
