/** From a sequence-set to the UIDs it means in this session, by numbers or by UIDs (RFC 9051 §9 sequence-set). */
import { Fault } from '../../base/fault.ts';
import type { MailboxId, Uid } from '../../mail/ids.ts';
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

/** The sequence numbers of these UIDs, ascending, for replies to commands by number. */
export function seqsOf(session: Session, uids: UidSet): number[] {
  const { box } = session;
  const seqs: number[] = [];
  if (box.hasExpunges) {
    for (const uid of uids) {
      const seq = box.seqOf(uid as Uid);
      if (seq !== undefined) seqs.push(seq);
    }
    return seqs;
  }
  // Nothing untold: a number is the row's index.
  const { view } = box;
  const end = view.lowerBound((box.announced + 1) as Uid);
  for (const { from, to } of uids.ranges()) {
    for (let index = view.lowerBound(from as Uid); index < end && view.uidAt(index) <= to; index += 1) seqs.push(index + 1);
  }
  return seqs;
}

/** A command of this session put messages into a mailbox: should it be the selected one, the client need not be told of their items. */
export function noteOwnArrivals({ boxOrNone, notifier, searches }: Session, mailbox: MailboxId, uids: readonly number[]): void {
  if (notifier === undefined && searches.length === 0) return;
  if (boxOrNone?.view.mailbox === mailbox) boxOrNone.noteOwnArrivals(uids);
}
