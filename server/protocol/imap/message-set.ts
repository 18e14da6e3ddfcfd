/** From a sequence-set to the UIDs it means in this session, by numbers or by UIDs (RFC 9051 §9 sequence-set). */
import { Fault } from '../../base/fault.ts';
import { type SequenceSet, largestWritten, mentionsStar, resolveSequenceSet } from '../../mail/sequence-set.ts';
import type { UidSet } from '../../mail/uid-set.ts';
import type { Session } from './session.ts';

/** The messages of the client's picture that the set names, untold expunges included. Fault: a sequence number that does not exist (BAD). */
export function resolveMessages(session: Session, set: SequenceSet, uid: boolean): UidSet {
  const { box } = session;
  // RFC 5182 §2.1: `$` is messages, whatever the command counts in.
  if (set.saved) return box.present(session.saved);
  if (uid) return box.present(resolveSequenceSet(set, box.maxUid));
  const { count } = box;
  // `n:*` reaches the last message whatever n is; other numbers beyond EXISTS are the client's error.
  if (!mentionsStar(set) && largestWritten(set) > count)
    throw new Fault('syntax', 'SYNTAX', 'No message has that sequence number');
  return box.uidsOfSeqs(resolveSequenceSet(set, count));
}

/** The set of sequence numbers of these UIDs, for reply codes of commands by number. */
export function seqsOf(session: Session, uids: UidSet): number[] {
  const seqs: number[] = [];
  for (const uid of uids) {
    const seq = session.box.seqOf(uid as never);
    if (seq !== undefined) seqs.push(seq);
  }
  return seqs;
}
