/** Quick resynchronisation (RFC 7162 §3.2.5, §3.2.6): what vanished and what changed since the client looked last. */
import { UidSet } from '../../mail/uid-set.ts';
import type { Modseq, Uid } from '../../mail/ids.ts';
import { resolveSequenceSet } from '../../mail/sequence-set.ts';
import type { CommandContext } from './command.ts';
import type { SessionMailbox } from './session-mailbox.ts';
import { flagsText } from './updates.ts';
import type { QresyncParameters } from './wire/select-args.ts';

/** For SELECT: VANISHED (EARLIER), then a FETCH for each changed message. Nothing when the client's UIDVALIDITY is another. */
export async function resynchronise(context: CommandContext, known: QresyncParameters): Promise<void> {
  const { session, out } = context;
  const { box } = session;
  if (known.uidValidity !== box.view.uidValidity) return;
  const knownUids = known.knownUids === undefined ? undefined : resolveSequenceSet(known.knownUids, 0);
  const from = known.sequenceMatch === undefined ? (1 as Uid) : firstUnsure(box, known.sequenceMatch);
  await writeVanishedEarlier(context, known.modseq, knownUids, from);
  const { view } = box;
  if (view.modseq <= known.modseq) return;
  for (const uid of knownUids === undefined ? box.all() : box.present(knownUids)) {
    const modseq = box.modseqOf(uid as Uid) ?? (0 as Modseq);
    if (modseq <= known.modseq) continue;
    const seq = box.seqOf(uid as Uid);
    if (seq === undefined) continue;
    out.raw(
      `* ${seq} FETCH (UID ${uid} FLAGS (${flagsText(box.flagsOf(uid as Uid) ?? [], box.isRecent(uid as Uid))}) MODSEQ (${modseq}))\r\n`,
    );
    if (out.isFull) await out.drain();
  }
}

/**
 * `* VANISHED (EARLIER)` for messages of `uids` (undefined: all) that are gone since `since`. When the journal does not reach back that far, everything that is not there
 * counts, from `from` on (the client has shown that it is right below).
 */
export async function writeVanishedEarlier(
  context: CommandContext,
  since: Modseq,
  uids: UidSet | undefined,
  from = 1 as Uid,
): Promise<void> {
  const { ops, session, out } = context;
  const { box } = session;
  const { user, mailbox, uidNext } = box.view;
  const logged = since >= box.view.modseq ? UidSet.empty : await ops.views.expungedSince(user, mailbox, since);
  const everUsed = uidNext > from ? UidSet.range(from, uidNext - 1) : UidSet.empty;
  const gone = logged ?? everUsed;
  // What is in the client's picture will be told as VANISHED in its time.
  const vanished = (uids === undefined ? gone : gone.intersect(uids)).subtract(box.all());
  if (!vanished.isEmpty) out.untagged(`VANISHED (EARLIER) ${vanished.toString()}`);
}

/** RFC 7162 §3.2.5.2: the UID up to which the client's sample of sequence numbers is still true. */
function firstUnsure(box: SessionMailbox, match: NonNullable<QresyncParameters['sequenceMatch']>): Uid {
  const seqs = resolveSequenceSet(match.seqs, 0);
  const uids = resolveSequenceSet(match.uids, 0);
  const pairs = uids[Symbol.iterator]();
  let from = 1 as Uid;
  for (const seq of seqs) {
    const uid = pairs.next();
    if (uid.done === true || box.uidOf(seq) !== uid.value) break;
    from = (uid.value + 1) as Uid;
  }
  return from;
}
