/**
 * Audits: what a user's mailboxes held at a moment and what arrives after it, kept apart from what the user does with it later. Contents are immutable and shared, so a copy
 * is a reference that the sweeper respects. Copying goes on in the background, can be taken over by another worker, and repeats harmlessly. What arrives later is found in the
 * journal, every minute and when somebody looks: also when it was removed the moment it came.
 */
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { ContentId, MailboxId, Modseq, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { DuplicateRecord, type Records, type Stored } from '../store/records.ts';
import type { AuditFields, AuditMessageFields } from '../store/types-audit.ts';
import type { ContentOperations, MailboxOperations, MessageMeta, MessageReads } from './contract.ts';
import type { MailRecords } from './mail-records.ts';
import { Refusal } from './refusal.ts';

export type Audit = Stored<AuditFields>;
export type AuditMessage = Stored<AuditMessageFields>;

export type NewAudit = {
  readonly user: string;
  readonly start?: Date | undefined;
  readonly end?: Date | undefined;
  readonly expires: Date;
};

export type Audits = {
  /** The copying has begun when this resolves. */
  readonly create: (audit: NewAudit) => Promise<string>;
  /** Refusal AuditNotFoundError, also for one that is over. */
  readonly get: (id: string) => Promise<Audit>;
  /** In the order of arrival in each mailbox. */
  readonly messages: (id: string) => AsyncIterable<AuditMessage>;
  /** Goes on with what another worker left, and removes what is over; answers how many audits it touched. */
  readonly work: () => Promise<number>;
};

export type AuditParts = {
  readonly audits: Records<AuditFields>;
  readonly copies: Records<AuditMessageFields>;
  readonly mailboxes: Pick<MailboxOperations, 'list'>;
  readonly reads: Pick<MessageReads, 'metadata'>;
  readonly contents: Pick<ContentOperations, 'open'>;
  readonly feed: MailRecords['feed'];
  /** The sweeper shall look at these contents: the audit does not hold them any more. */
  readonly leave: (contents: readonly ContentId[]) => Promise<void>;
  readonly log: Logger;
  readonly now?: () => number;
};

const CLAIM_MS = 60_000;
const BATCH = 500;
/** Mail may be under way that long when the time of an audit ends. */
const LATE_MS = 60 * 60_000;
const FOLLOWED_AT_ONCE = 200;
const ALL_UIDS = UidSet.range(1, 0xffff_ffff);

export function createAudits(parts: AuditParts): Audits {
  const { audits, copies, log } = parts;
  const now = parts.now ?? Date.now;

  const claim = (id: string): Promise<Audit | undefined> =>
    audits.update(
      {
        id,
        status: { in: ['queued', 'importing'] },
        or: [{ claimedUntil: { exists: false } }, { claimedUntil: { to: new Date(now()) } }],
      },
      { set: { status: 'importing', claimedUntil: new Date(now() + CLAIM_MS) } },
    );

  const copy = async (
    audit: Audit,
    mailbox: { readonly id: string; readonly path: string },
    meta: Pick<MessageMeta, 'content' | 'uid' | 'internalDateMs' | 'sizeBytes'>,
  ): Promise<'copied' | 'failed' | 'known'> => {
    const fields: AuditMessageFields = {
      audit: audit.id,
      content: meta.content,
      mailbox: mailbox.id,
      path: mailbox.path,
      uid: meta.uid,
      internalDate: new Date(meta.internalDateMs),
      sizeBytes: meta.sizeBytes,
    };
    try {
      const { id } = await copies.insert(fields);
      // The sweeper may have taken it between our look and our hold.
      if (await isThere(meta.content)) return 'copied';
      await copies.delete({ id });
      return 'failed';
    } catch (error) {
      if (error instanceof DuplicateRecord) return 'known';
      throw error;
    }
  };

  const isThere = async (content: ContentId): Promise<boolean> => {
    try {
      await parts.contents.open(content);
      return true;
    } catch (error) {
      if (isFault(error, 'NONEXISTENT')) return false;
      throw error;
    }
  };

  const run = async (id: string): Promise<void> => {
    const audit = await claim(id);
    if (audit === undefined) return;
    const user = audit.user as UserId;
    let failed = 0;
    const mailboxes = await parts.mailboxes.list(user);
    // Taken before the copying: what arrives during it is found twice rather than never.
    const positions = Object.fromEntries(mailboxes.map(({ id: mailbox, modseq }) => [mailbox, modseq]));
    for (const mailbox of mailboxes) {
      if (mailbox.noSelect) continue;
      for await (const batch of parts.reads.metadata(user, mailbox.id, ALL_UIDS)) {
        for (const meta of batch)
          if (isWithin(meta.internalDateMs, audit) && (await copy(audit, mailbox, meta)) === 'failed') failed += 1;
        await audits.update(
          { id },
          { set: { failed, copied: await copies.count({ audit: id }), claimedUntil: new Date(now() + CLAIM_MS) } },
        );
      }
    }
    const copied = await copies.count({ audit: id });
    await audits.update({ id }, { set: { status: 'imported', copied, failed, positions }, unset: ['claimedUntil'] });
    log.info('mail copied for an audit', { user, audit: id, copied, failed });
  };

  /** Copies what has arrived since. Answers whether there was any. */
  const follow = async (audit: Audit): Promise<boolean> => {
    const known = audit.positions;
    const ended = audit.end !== null && audit.end.getTime() + LATE_MS < now();
    if (audit.status !== 'imported' || known === undefined || ended) return false;
    const user = audit.user as UserId;
    const positions: Record<string, number> = { ...known };
    let failed = 0;
    let some = false;
    for (const mailbox of await parts.mailboxes.list(user)) {
      if ((positions[mailbox.id] ?? 0) >= mailbox.modseq) continue;
      for (;;) {
        const from = (positions[mailbox.id] ?? 0) as Modseq;
        const page = await parts.feed(user, mailbox.id as MailboxId, from, BATCH);
        for (const { entry } of page) {
          for (const change of entry.changes) {
            if (change.kind !== 'append') continue;
            for (const message of change.messages) {
              // Moved or copied within the mailboxes: it is here already.
              if (
                !isWithin(message.internalDateMs, audit) ||
                (await copies.count({ audit: audit.id, content: message.content })) > 0
              )
                continue;
              if ((await copy(audit, mailbox, message)) === 'failed') failed += 1;
              some = true;
            }
          }
          positions[mailbox.id] = entry.modseq;
        }
        if (page.length < BATCH) break;
      }
      positions[mailbox.id] = Math.max(positions[mailbox.id] ?? 0, mailbox.modseq);
    }
    const copied = await copies.count({ audit: audit.id });
    await audits.update({ id: audit.id }, { set: { positions, copied, failed: audit.failed + failed } });
    return some;
  };

  const expect = async (id: string): Promise<Audit> => {
    const found = await audits.get(id);
    if (found === undefined || found.expires.getTime() <= now())
      throw new Refusal('AuditNotFoundError', 'This audit does not exist');
    return found;
  };

  const remove = async (id: string): Promise<void> => {
    for (;;) {
      const batch = await copies.find({ audit: id }, { limit: BATCH });
      if (batch.length === 0) break;
      // Told first: a crash between the two leaves a copy to be looked at again, never a content that nobody looks at.
      await parts.leave(batch.map((one) => one.content as ContentId));
      await copies.delete({ id: { in: batch.map((one) => one.id) } });
    }
    await audits.delete({ id });
  };

  return {
    create: async ({ user, start, end, expires }) => {
      const { id } = await audits.insert({
        user,
        start: start ?? null,
        end: end ?? null,
        expires,
        status: 'queued',
        copied: 0,
        failed: 0,
      });
      run(id).catch((error: unknown) => log.warn('copying for an audit will be tried again', { error, user, audit: id }));
      return id;
    },
    get: async (id) => {
      await follow(await expect(id));
      return expect(id);
    },
    messages: async function* messages(id) {
      let last = '0'.repeat(24);
      for (;;) {
        // An id grows with the time of copying: mailbox by mailbox, in the order of UIDs.
        const batch = await copies.find({ audit: id, id: { from: last } }, { sort: { id: 1 }, limit: BATCH + 1 });
        const fresh = batch.filter((one) => one.id > last);
        yield* fresh;
        if (fresh.length === 0) return;
        last = fresh[fresh.length - 1]!.id;
      }
    },
    work: async () => {
      const over = await audits.find({ expires: { to: new Date(now()) } }, { limit: 10 });
      for (const { id } of over) await remove(id);
      const open = await audits.find({ status: { in: ['queued', 'importing'] } }, { limit: 10 });
      for (const { id } of open) await run(id);
      let followed = 0;
      for (const one of await audits.find({ status: 'imported' }, { sort: { id: -1 }, limit: FOLLOWED_AT_ONCE }))
        if (await follow(one)) followed += 1;
      return over.length + open.length + followed;
    },
  };
}

function isWithin(internalDateMs: number, { start, end }: AuditFields): boolean {
  return (start === null || internalDateMs >= start.getTime()) && (end === null || internalDateMs <= end.getTime());
}
