/** What a user may send and fetch, from the user's own record or the defaults; remembered for a moment, for every message asks. */
import { LruCache } from '../base/lru.ts';
import type { UserId } from '../mail/ids.ts';
import type { Records } from '../store/records.ts';
import type { UserFields } from '../store/types-accounts.ts';
import type { TrafficKind } from './traffic.ts';

export type MailLimits = {
  readonly recipientsPerDay: number;
  /** The user's own limit, else the default. */
  readonly receivedPerHour: number;
  /** The limit was set for this very user. */
  readonly receivedIsOwn: boolean;
  /** 0 = all. */
  readonly pop3MaxMessages: number;
  /** 0 = as many as the settings say. */
  readonly imapMaxConnections: number;
  /** Octets a day; the user's own limit, else the default; 0 = no limit. */
  readonly pop3DownloadBytes: number;
  /** Octets a day by IMAP; 0 = no limit. */
  readonly imapUpload: number;
  readonly imapDownload: number;
  /** Addresses and `*@domain` patterns that the user may write as besides the own ones, in lower case. */
  readonly alsoFrom: readonly string[];
};

export type UserLimitReader = { readonly of: (user: UserId) => Promise<MailLimits> };

const own = (value: number | undefined): number | undefined => (value === undefined || value === 0 ? undefined : value);

const FRESH_MS = 5_000;

export function createUserLimits(
  users: Pick<Records<UserFields>, 'get'>,
  defaults: { readonly recipients: number; readonly receivedMax: number; readonly pop3MaxDownload: number },
  /** What an administrator has set for all; 0 = nothing. */
  transferFor: (kind: TrafficKind) => number = () => 0,
  now: () => number = Date.now,
): UserLimitReader {
  const known = new LruCache<UserId, { limits: MailLimits; atMs: number }>(10_000);
  return {
    of: async (user) => {
      const found = known.get(user);
      if (found !== undefined && now() - found.atMs < FRESH_MS) return found.limits;
      const record = await users.get(user);
      const limits = {
        recipientsPerDay: record === undefined || record.recipients === 0 ? defaults.recipients : record.recipients,
        receivedPerHour: record === undefined || record.receivedMax === 0 ? defaults.receivedMax : record.receivedMax,
        receivedIsOwn: (record?.receivedMax ?? 0) > 0,
        pop3MaxMessages: record?.pop3MaxMessages ?? 0,
        imapMaxConnections: record?.imapMaxConnections ?? 0,
        pop3DownloadBytes:
          record === undefined || record.pop3MaxDownload === 0 ? defaults.pop3MaxDownload : record.pop3MaxDownload,
        imapUpload: own(record?.imapMaxUpload) ?? transferFor('imapUpload'),
        imapDownload: own(record?.imapMaxDownload) ?? transferFor('imapDownload'),
        alsoFrom: (record?.fromWhitelist ?? []).map((pattern) => pattern.toLowerCase()),
      };
      known.set(user, { limits, atMs: now() });
      return limits;
    },
  };
}
