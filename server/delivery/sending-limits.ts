/**
 * How much a user or a device may send: messages an hour, recipients a day, by whatever way. A stolen password must not send without end; who meets a limit
 * is told to the administration, by the log each time and by an event once an hour.
 */
import type { Logger } from '../base/log.ts';
import type { UserId } from '../mail/ids.ts';
import type { UserLimitReader } from '../operations/user-limits.ts';
import type { Usage } from '../store/types-usage.ts';
import type { TraceSink } from './hooks.ts';
import type { Emit } from './mail-events.ts';

export type SendingLimits = { readonly of: UserLimitReader['of']; readonly usage: Usage };

export type SendingFacts = {
  readonly user: UserId;
  readonly username: string;
  readonly recipients: number;
  readonly ip: string;
  readonly transaction?: string;
  /** With a limit of its own, which counts instead of the user's. */
  readonly device?: { readonly name: string; readonly maxPerHour: number };
};

export type SendingLimitParts = SendingLimits & {
  /** 0 = no limit. */
  readonly maxMessagesPerHour: number;
  readonly log: Logger;
  readonly emit?: Emit | undefined;
  readonly trace?: TraceSink | undefined;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Counts one message; answers the limit that refuses it, such as `300 messages an hour`. */
export async function overSendingLimit(parts: SendingLimitParts, facts: SendingFacts): Promise<string | undefined> {
  const met = await limitMet(parts, facts);
  if (met === undefined) return undefined;
  const { user, username, device, ip, transaction } = facts;
  const { limit, what } = met;
  const who = { user, username, ...(device === undefined ? {} : { device: device.name }) };
  parts.log.warn('sending limit reached', { event: 'sending-limit', ...who, what, limit, ip });
  if (transaction !== undefined)
    parts.trace?.record({ kind: 'refused', transaction, atMs: Date.now(), user, text: `limit: ${limit} ${what}` });
  if (await parts.usage.take(device === undefined ? user : `device-${device.name}`, 'limit-told', 1, 1, HOUR_MS))
    parts.emit?.({ type: 'limit.sending', ...who, what, limit, ip });
  return `${limit} ${what}`;
}

async function limitMet(
  { usage, of, maxMessagesPerHour }: SendingLimitParts,
  { user, recipients, device }: SendingFacts,
): Promise<{ readonly limit: number; readonly what: string } | undefined> {
  if (device !== undefined) {
    const { name, maxPerHour } = device;
    const ok = maxPerHour === 0 || (await usage.take(`device-${name}`, 'recipients', recipients, maxPerHour, HOUR_MS));
    return ok ? undefined : { limit: maxPerHour, what: 'recipients an hour' };
  }
  if (maxMessagesPerHour > 0 && !(await usage.take(user, 'messages', 1, maxMessagesPerHour, HOUR_MS)))
    return { limit: maxMessagesPerHour, what: 'messages an hour' };
  const { recipientsPerDay } = await of(user);
  if (await usage.take(user, 'recipients', recipients, recipientsPerDay, DAY_MS)) return undefined;
  return { limit: recipientsPerDay, what: 'recipients a day' };
}
