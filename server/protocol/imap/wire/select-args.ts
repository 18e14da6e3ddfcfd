/** SELECT and EXAMINE arguments (RFC 9051 §6.3.2, RFC 7162 §3.1.8, §3.2.5). */
import type { Modseq, UidValidity } from '../../../mail/ids.ts';
import type { SequenceSet } from '../../../mail/sequence-set.ts';
import type { ArgumentParser } from './parser.ts';

/** What the client knew when it last saw the mailbox. */
export type QresyncParameters = {
  readonly uidValidity: UidValidity;
  readonly modseq: Modseq;
  /** UIDs it still has; undefined means all up to its UIDNEXT. Never holds `*` or `$`. */
  readonly knownUids: SequenceSet | undefined;
  /** Sequence numbers and the UIDs they had, pairwise, ascending. Never hold `*` or `$`. */
  readonly sequenceMatch: { readonly seqs: SequenceSet; readonly uids: SequenceSet } | undefined;
};

export type SelectArguments = {
  readonly mailbox: string;
  readonly condstore: boolean;
  readonly qresync: QresyncParameters | undefined;
};

/** ` mailbox[ (parameters)]` to the end of the command. */
export function expectSelectArguments(parser: ArgumentParser): SelectArguments {
  parser.expectSp();
  const mailbox = parser.expectMailbox();
  let condstore = false;
  let qresync: QresyncParameters | undefined;
  if (parser.trySp()) {
    parser.expectList(() => {
      switch (parser.expectKeyword('a SELECT parameter')) {
        case 'CONDSTORE':
          condstore = true;
          return;
        case 'QRESYNC':
          parser.expectSp();
          qresync = expectQresync(parser);
          return;
        default:
          // RFC 4466 §2.1: an unknown parameter is BAD.
          throw parser.fault('Unknown SELECT parameter');
      }
    });
  }
  parser.expectEnd();
  return { mailbox, condstore, qresync };
}

/** `(uidvalidity modseq[ known-uids][ (known-seqs known-uids)])`: RFC 7162 §7. */
function expectQresync(parser: ArgumentParser): QresyncParameters {
  parser.expectChar('(');
  return parser.nested(() => {
    const uidValidity = parser.expectNzNumber('a UIDVALIDITY') as UidValidity;
    parser.expectSp();
    const modseq = parser.expectModseq();
    let knownUids: SequenceSet | undefined;
    let sequenceMatch: QresyncParameters['sequenceMatch'];
    let more = parser.trySp();
    if (more && !parser.peekIs('(')) {
      knownUids = expectKnownSet(parser);
      more = parser.trySp();
    }
    if (more) {
      parser.expectChar('(');
      const seqs = expectKnownSet(parser);
      parser.expectSp();
      sequenceMatch = { seqs, uids: expectKnownSet(parser) };
      parser.expectChar(')');
    }
    parser.expectChar(')');
    return { uidValidity, modseq, knownUids, sequenceMatch };
  });
}

/** RFC 7162 §7: `*` is not allowed in these sets. */
function expectKnownSet(parser: ArgumentParser): SequenceSet {
  const set = parser.expectSequenceSet();
  if (set.saved || set.pairs.includes(0)) throw parser.fault('* and $ are not allowed here');
  return set;
}
