/**
 * \Recent is claimed in the database, by one session of all (RFC 3501 §2.3.2). When twenty sessions of this worker hear of the same message, one asks; the others know
 * from here that it has been claimed, and are spared the question.
 */
import { LruCache } from '../../base/lru.ts';
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import type { MailboxOperations } from '../../operations/contract.ts';

type Claim = MailboxOperations['claimRecent'];

/** Mailboxes remembered. */
const REMEMBERED = 10_000;

export function sharedClaims(claim: Claim): Claim {
  /** UIDs up to here were claimed by somebody; that never becomes untrue. */
  const claimed = new LruCache<MailboxId, Uid>(REMEMBERED);
  const asking = new Map<MailboxId, { readonly through: Uid; readonly answer: Promise<Uid> }>();
  const nothing = (through: Uid): Uid => (through + 1) as Uid;

  return async (user: UserId, mailbox: MailboxId, through: Uid): Promise<Uid> => {
    // A look without a claim has to see what others have done.
    if (through === 0) return claim(user, mailbox, through);
    if ((claimed.get(mailbox) ?? 0) >= through) return nothing(through);
    const present = asking.get(mailbox);
    if (present !== undefined && present.through >= through) {
      const answered = await present.answer.then(
        () => true,
        () => false,
      );
      // Whoever asked has them now. When the question failed, ask again.
      if (answered) return nothing(through);
    }
    const answer = claim(user, mailbox, through);
    const question = { through, answer };
    asking.set(mailbox, question);
    try {
      const first = await answer;
      claimed.set(mailbox, Math.max(claimed.get(mailbox) ?? 0, through) as Uid);
      return first;
    } finally {
      if (asking.get(mailbox) === question) asking.delete(mailbox);
    }
  };
}
