/**
 * Tells a user by mail, and the administration by an event, when a mailbox is 80 or 95 % full: once each, until it has been emptied somewhat. A cover over the
 * store's operations that looks at who got mail a moment after; no delivery waits for it, and one worker alone tells.
 */
import { randomBytes } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { UserId } from '../mail/ids.ts';
import type { MessageOperations, Operations, QuotaState } from '../operations/contract.ts';
import type { HookEvent } from '../operations/webhooks.ts';
import type { Records, Stored } from '../store/records.ts';
import type { UserFields } from '../store/types-accounts.ts';

export type QuotaWarnings = {
  /** The same operations, observed. */
  readonly operations: Operations;
  /** Resolves when everyone who was seen so far has been looked at. */
  readonly settled: () => Promise<void>;
  readonly close: () => void;
};

export type QuotaWarningParts = {
  readonly operations: Operations;
  readonly users: Pick<Records<UserFields>, 'get' | 'update'>;
  readonly emit: (event: HookEvent) => void;
  readonly hostname: string;
  readonly log: Logger;
  readonly lookAfterMs?: number;
};

/** Percent; at the last one mail is refused, and a mail about it would be too. */
const LEVELS = [80, 95, 100] as const;
/** It counts as emptied this much below a level. */
const SLACK = 5;
const MAX_WAITING = 10_000;

export function warnOfQuota(parts: QuotaWarningParts): QuotaWarnings {
  const { operations: inner, users, emit, log, lookAfterMs = 1_000 } = parts;
  const waiting = new Set<UserId>();
  const refused = new Set<UserId>();
  let timer: NodeJS.Timeout | undefined;
  let work: Promise<void> = Promise.resolve();

  const look = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const found = [...waiting];
    waiting.clear();
    work = work.then(async () => {
      for (const user of found) {
        const isRefused = refused.delete(user);
        await judge(user, isRefused).catch((error: unknown) => log.warn('a quota could not be looked at', { user, error }));
      }
    });
    return work;
  };

  const note = (user: UserId): void => {
    if (waiting.size >= MAX_WAITING) return;
    waiting.add(user);
    timer ??= setTimeout(() => void look(), lookAfterMs).unref();
  };

  async function judge(user: UserId, isRefused: boolean): Promise<void> {
    const state = await inner.quota(user);
    const percent = percentOf(state);
    const record = await users.get(user);
    if (record === undefined) return;
    const told = record.quotaWarned ?? 0;
    const level = isRefused ? 100 : (LEVELS.findLast((one) => one < 100 && percent >= one) ?? 0);
    if (level > told) {
      const lower = [null, 0, ...LEVELS.filter((one) => one < level)];
      const isMine = await users.update({ id: user, quotaWarned: { in: lower } }, { set: { quotaWarned: level } });
      if (isMine !== undefined) await tell(record, level, percent, state);
    } else if (told > 0 && percent < told - SLACK) {
      await users.update({ id: user, quotaWarned: told }, { set: { quotaWarned: level } });
    }
  }

  async function tell(record: Stored<UserFields>, level: number, percent: number, state: QuotaState): Promise<void> {
    const user = record.id as UserId;
    log.warn('quota', { event: 'quota', user, username: record.username, percent, level });
    emit({ type: level === 100 ? 'quota.exceeded' : 'quota.warning', user, username: record.username, percent, level, ...state });
    if (level === 100) return;
    const inbox = await inner.mailboxes.findByPath(user, 'INBOX');
    if (inbox === undefined) return;
    const stored = await inner.contents.store(await compose(record, percent, state, parts.hostname));
    try {
      await inner.messages.append(user, inbox.id, [{ stored, flags: ['\\Flagged'], internalDateMs: Date.now() }]);
    } catch (error) {
      // There is no room for the warning: the event and the log have it.
      if (!isFault(error, 'OVERQUOTA')) throw error;
    }
  }

  const messages: MessageOperations = {
    ...inner.messages,
    append: async (user, ...rest) => {
      try {
        return await inner.messages.append(user, ...rest);
      } catch (error) {
        if (isFault(error, 'OVERQUOTA')) refused.add(user);
        throw error;
      } finally {
        note(user);
      }
    },
    copy: async (user, from, uids, to, ...rest) => {
      const result = await inner.messages.copy(user, from, uids, to, ...rest);
      note(user);
      return result;
    },
  };
  return {
    operations: { ...inner, messages },
    settled: () => look(),
    close: () => {
      clearTimeout(timer);
      waiting.clear();
    },
  };
}

function percentOf({ usedBytes, limitBytes, usedMessages, limitMessages }: QuotaState): number {
  const of = (used: number, limit: number): number => (limit > 0 ? (used / limit) * 100 : 0);
  return Math.floor(Math.max(of(usedBytes, limitBytes), of(usedMessages, limitMessages)));
}

const TEXTS = {
  en: (percent: number, used: string) => ({
    subject: `Your mailbox is ${percent} % full`,
    text: `Your mailbox is ${percent} % full (${used}).\n\nWhen it is full, new mail is refused. Delete what you do not need any more, and empty Trash and Junk; or ask your administrator for more room.\n`,
  }),
  de: (percent: number, used: string) => ({
    subject: `Ihr Postfach ist zu ${percent} % voll`,
    text: `Ihr Postfach ist zu ${percent} % voll (${used}).\n\nIst es ganz voll, wird neue Post abgewiesen. Löschen Sie, was Sie nicht mehr brauchen, und leeren Sie Papierkorb und Junk; oder bitten Sie Ihren Administrator um mehr Platz.\n`,
  }),
} as const;

function compose(user: Stored<UserFields>, percent: number, state: QuotaState, hostname: string): Promise<Buffer> {
  const language = user.language?.toLowerCase().startsWith('de') === true ? 'de' : 'en';
  const used =
    state.limitBytes > 0
      ? `${megabytes(state.usedBytes)} / ${megabytes(state.limitBytes)} MB`
      : `${state.usedMessages} / ${state.limitMessages}`;
  return new MailComposer({
    from: { name: hostname, address: `postmaster@${hostname}` },
    to: { name: user.name, address: user.address === '' ? `${user.username}@${hostname}` : user.address },
    ...TEXTS[language](percent, used),
    date: new Date(),
    messageId: `<${randomBytes(12).toString('hex')}@${hostname}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    newline: '\r\n',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
