/**
 * How much a session may still fetch today: taken from the user's counter in portions, so that a stream of small messages costs no write each; what is left
 * of a portion is given back at the end.
 */
import type { UserId } from '../../mail/ids.ts';
import type { Usage } from '../../store/types-usage.ts';

export type Allowance = {
  /** False when the day's octets are used up. */
  readonly take: (bytes: number) => Promise<boolean>;
  readonly giveBack: () => Promise<void>;
};

const DAY_MS = 86_400_000;
const PORTION_BYTES = 8 * 1024 * 1024;

/** `limitBytes` 0 = no limit. */
export function createAllowance(usage: Usage, user: UserId, limitBytes: number): Allowance {
  let left = 0;
  const book = (bytes: number): Promise<boolean> => usage.take(user, 'pop3Download', bytes, limitBytes, DAY_MS);
  return {
    take: async (bytes) => {
      if (limitBytes === 0) return true;
      if (bytes > left) {
        const missing = bytes - left;
        const portion = Math.max(missing, Math.min(PORTION_BYTES, Math.floor(limitBytes / 100)));
        // Near the end of the day's octets a whole portion may be too much, and the message alone not.
        if (await book(portion)) left += portion;
        else if (await book(missing)) left += missing;
        else return false;
      }
      left -= bytes;
      return true;
    },
    giveBack: async () => {
      if (left > 0) await book(-left);
      left = 0;
    },
  };
}
