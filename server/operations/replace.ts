/**
 * REPLACE (RFC 8508): one message takes another's place in a single commit. In the same mailbox the entry holds the new message and the old one's expunge; in another it is
 * a move in which the new message goes and the old one leaves. So no crash shows both or neither.
 */
import { nonexistent, refused } from '../base/fault.ts';
import type { MoveIntent } from '../mail/change.ts';
import type { MailboxId, Uid, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { newId } from '../store/connect.ts';
import type { PlacementRef } from '../store/placements.ts';
import type { MailboxLog } from '../sync/mailbox-log.ts';
import type { MessageOperations, NewMessage, QuotaState, StoredContent } from './contract.ts';
import type { DraftMessage } from './entry-draft.ts';
import type { MailboxRegistry } from './mailbox-registry.ts';
import { exceedsQuota } from './quota.ts';

export type ReplaceParts = {
  readonly registry: MailboxRegistry;
  readonly quota: (user: UserId) => Promise<QuotaState>;
  readonly confirm: (stored: readonly StoredContent[]) => Promise<void>;
  readonly refsOf: (
    log: MailboxLog,
    user: UserId,
    mailbox: MailboxId,
    uids: UidSet,
  ) => Promise<readonly (PlacementRef & { readonly flags: readonly string[] })[]>;
  readonly toDraft: (ref: PlacementRef & { readonly flags: readonly string[] }) => DraftMessage;
  readonly finishMove: (user: UserId, move: MoveIntent) => Promise<{ uids: Uid[]; uidValidity: number }>;
  readonly draftOf: (message: NewMessage) => DraftMessage;
};

export function createReplace(parts: ReplaceParts): MessageOperations['replace'] {
  const { registry } = parts;
  return async (user, mailbox, uid, message, to) => {
    const set = UidSet.of(uid);
    // Refuse before anything leaves its place.
    const uidValidity = await registry.use(user, to, (log) => Promise.resolve(log.uidValidity));
    return registry.use(user, mailbox, async (log, writer) => {
      const [old] = await parts.refsOf(log, user, mailbox, set);
      if (old === undefined) throw gone();
      const state = await parts.quota(user);
      // What leaves makes room for what comes.
      const without = { ...state, usedBytes: state.usedBytes - old.sizeBytes, usedMessages: state.usedMessages - 1 };
      if (exceedsQuota(without, [message.stored])) throw refused('OVERQUOTA', 'The quota of this account is used up.');
      const fresh = parts.draftOf(message);
      const intent: MoveIntent | undefined =
        to === mailbox ? undefined : { to, key: newId(), messages: [{ ...fresh, savedAtMs: Date.now() }] };
      const { value, entry } = await writer.submit({
        needsView: true,
        weight: 1,
        evaluate: (draft) => {
          if (draft.live(set).length === 0) return undefined;
          if (intent !== undefined) {
            draft.moveOut(set, intent);
            return [];
          }
          const uids = draft.append([fresh]);
          draft.expunge(set, false);
          return uids;
        },
      });
      if (value === undefined) throw gone();
      try {
        await parts.confirm([message.stored]);
      } catch (error) {
        // The new bytes were lost on the way: the old message comes back, the new one was never there.
        await writer.submit({
          needsView: true,
          weight: 1,
          evaluate: (draft) => {
            draft.append([parts.toDraft(old)]);
            draft.expunge(UidSet.from(value), false);
          },
        });
        throw error;
      }
      const uids = intent === undefined ? value : (await parts.finishMove(user, intent)).uids;
      return { mailbox: to, uidValidity, uids, ids: [fresh.id], modseq: entry?.modseq ?? log.modseq };
    });
  };
}

function gone(): Error {
  return nonexistent('There is no such message');
}
