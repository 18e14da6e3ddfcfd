/** From a parsed SEARCH program to one that can be evaluated: charset decoded, texts folded, sets resolved to UIDs in this session's picture. */
import { Fault } from '../../../base/fault.ts';
import { resolveSequenceSet } from '../../../mail/sequence-set.ts';
import { decodeCharset, isKnownCharset } from '../../../mime/charset.ts';
import { foldNeedle } from '../../../mime/casefold.ts';
import type { Session } from '../session.ts';
import { type SearchKey, type SearchProgram, mapSearchText } from '../wire/search-keys.ts';
import type { ReadyKey } from './evaluate.ts';

/** undefined when the charset is not known: the reply is NO [BADCHARSET]. */
export function prepareSearch(session: Session, program: SearchProgram): ReadyKey | undefined {
  const { charset } = program;
  if (charset !== undefined && !isKnownCharset(charset)) return undefined;
  const decoded = mapSearchText(program.key, (bytes: Buffer) => foldNeedle(decodeCharset(bytes, charset)));
  return ready(session, decoded);
}

/** RFC 6203 §3: how fuzzy is the server's choice. Here every word must be there, in any order. */
function fuzzy(key: ReadyKey): ReadyKey {
  if (key.key === 'AND') return { key: 'AND', all: key.all.map(fuzzy) };
  if (key.key === 'OR') return { key: 'OR', either: [fuzzy(key.either[0]), fuzzy(key.either[1])] };
  if (key.key !== 'HEADER' && key.key !== 'BODY' && key.key !== 'TEXT') return key;
  const words = key.text.split(/\s+/).filter((word) => word !== '');
  return words.length < 2 ? key : { key: 'AND', all: words.map((text) => ({ ...key, text })) };
}

/** A sequence number where only UIDs may be (RFC 9586 §3). */
export class UidRequired extends Fault {
  constructor() {
    super('syntax', 'SYNTAX', 'Message numbers are not used after ENABLE UIDONLY');
  }
}

/** Shown in BADCHARSET; many more are decoded. */
export const SHOWN_CHARSETS: readonly string[] = ['UTF-8', 'US-ASCII', 'ISO-8859-1'];

function ready(session: Session, key: SearchKey<string>): ReadyKey {
  switch (key.key) {
    case 'SEQ': {
      const { box } = session;
      if (key.set.saved) return { key: 'UIDS', uids: session.saved };
      if (session.isEnabled('UIDONLY')) throw new UidRequired();
      return { key: 'UIDS', uids: box.uidsOfSeqs(resolveSequenceSet(key.set, box.count)) };
    }
    case 'UID':
      return { key: 'UIDS', uids: resolveSequenceSet(key.set, session.box.maxUid, session.saved) };
    case 'NOT':
      return { key: 'NOT', of: ready(session, key.of) };
    case 'FUZZY':
      return fuzzy(ready(session, key.of));
    case 'OR':
      return { key: 'OR', either: [ready(session, key.either[0]), ready(session, key.either[1])] };
    case 'AND':
      return { key: 'AND', all: key.all.map((one) => ready(session, one)) };
    case 'FILTER':
      // The parser accepts it, the command refuses it before.
      return { key: 'NOT', of: { key: 'ALL' } };
    default:
      return key;
  }
}
