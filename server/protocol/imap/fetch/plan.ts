/**
 * What a FETCH needs to read, decided once per command: from the view alone (FLAGS, UID, INTERNALDATE, RFC822.SIZE, MODSEQ), from the placements' metadata
 * (ENVELOPE, BODYSTRUCTURE, ids), or from the content (sections, BODY, PREVIEW).
 */
import { type FetchItem, setsSeen } from '../wire/fetch-items.ts';

export type FetchSource = 'view' | 'metadata' | 'content';

export type FetchPlan = {
  readonly items: readonly FetchItem[];
  readonly source: FetchSource;
  /** Some item sets \Seen. */
  readonly setsSeen: boolean;
  readonly hasFlags: boolean;
  readonly hasModseq: boolean;
};

function sourceOf(item: FetchItem): FetchSource {
  switch (item.item) {
    case 'FLAGS':
    case 'UID':
    case 'INTERNALDATE':
    case 'RFC822.SIZE':
    case 'MODSEQ':
      return 'view';
    case 'ENVELOPE':
    case 'BODYSTRUCTURE':
    case 'EMAILID':
    case 'THREADID':
    case 'SAVEDATE':
      return 'metadata';
    default:
      return 'content';
  }
}

/** `withUid`, `withModseq`: items that the command implies (UID FETCH; CHANGEDSINCE). Plain duplicates are dropped. */
export function planFetch(wanted: readonly FetchItem[], withUid: boolean, withModseq: boolean): FetchPlan {
  const items: FetchItem[] = [];
  const plain = new Set<string>();
  const add = (item: FetchItem): void => {
    const isPlain = !('section' in item) && !('part' in item);
    if (isPlain && plain.has(item.item)) return;
    if (isPlain) plain.add(item.item);
    items.push(item);
  };
  if (withUid) add({ item: 'UID' });
  for (const item of wanted) add(item);
  if (withModseq) add({ item: 'MODSEQ' });
  const sources = items.map(sourceOf);
  return {
    items,
    source: sources.includes('content') ? 'content' : sources.includes('metadata') ? 'metadata' : 'view',
    setsSeen: items.some(setsSeen),
    hasFlags: plain.has('FLAGS'),
    hasModseq: plain.has('MODSEQ'),
  };
}
