/**
 * The server's own spam filter: learns from what users move into and out of Junk, and judges new mail by it, with the user's own experience where there is
 * enough of it, else with that of all users here.
 */
import { LruCache } from '../../base/lru.ts';
import type { Logger } from '../../base/log.ts';
import type { UserId } from '../../mail/ids.ts';
import { analyzeMessage } from '../../mime/analyze.ts';
import type { Kind, SpamWords } from '../../store/spam-words.ts';
import type { IncomingChecks } from '../hooks.ts';
import { judgeWords, type Judgement, type Totals } from './bayes.ts';
import { tokensOf } from './tokens.ts';

export type SpamOpinion = Judgement & { readonly isSpam: boolean; readonly by: 'user' | 'all' };

export type Learning = {
  /** Learns one message; what it was learnt as before is taken back. */
  readonly learn: (user: UserId, content: string, raw: Buffer, kind: Kind) => Promise<void>;
  /** Reads the words once for all recipients. Undefined = too little was learnt to have an opinion. Never throws. */
  readonly open: (raw: Buffer) => (user: UserId) => Promise<SpamOpinion | undefined>;
  /** Tells in a header field what all users' experience says. Decides nothing: users differ. */
  readonly checks: IncomingChecks;
};

export type LearningOptions = {
  readonly words: SpamWords;
  readonly threshold: number;
  readonly minMessages: number;
  readonly log: Logger;
  readonly now?: () => number;
};

const ALL = 'all';
/** Bigger messages are judged by their beginning. */
const MAX_BYTES = 512 * 1024;
const SHOWN_REASONS = 6;
const FRESH_MS = 10_000;
const REMEMBERED = 10_000;

export function createLearning({ words, threshold, minMessages, log, now = Date.now }: LearningOptions): Learning {
  const known = new LruCache<string, { totals: Totals; atMs: number }>(REMEMBERED);
  const tokens = (raw: Buffer): readonly string[] => tokensOf(analyzeMessage(raw.subarray(0, MAX_BYTES)));

  /** Undefined while too little was learnt. Asked for every message, so remembered for a moment: learning is slow anyway. */
  async function enough(scope: string): Promise<Totals | undefined> {
    const recent = known.get(scope);
    const totals = recent !== undefined && now() - recent.atMs < FRESH_MS ? recent.totals : await words.totals(scope);
    if (totals !== recent?.totals) known.set(scope, { totals, atMs: now() });
    return totals.spam < minMessages || totals.ham < minMessages ? undefined : totals;
  }

  return {
    learn: async (user, content, raw, kind) => {
      const before = await words.exchangeKind(user, content, kind);
      if (before === kind) return;
      const list = tokens(raw);
      if (before !== undefined) await words.learn([user, ALL], list, before, -1);
      await words.learn([user, ALL], list, kind, 1);
      log.info('learnt', { user, content, kind, words: list.length });
    },
    open: (raw) => {
      let list: readonly string[] | undefined;
      return async (user) => {
        try {
          // Nothing was learnt, nothing is read.
          for (const [scope, by] of [
            [user, 'user'],
            [ALL, 'all'],
          ] as const) {
            const totals = await enough(scope);
            if (totals === undefined) continue;
            list ??= tokens(raw);
            const judgement = judgeWords(await words.counts(scope, list), totals);
            return { ...judgement, isSpam: judgement.score >= threshold, by };
          }
        } catch (error) {
          log.warn('the learning filter has no opinion', { error });
        }
        return undefined;
      };
    },
    checks: {
      check: async (raw) => {
        const totals = await enough(ALL);
        if (totals === undefined) return { header: '', verdict: 'accept' };
        return { header: headerOf(judgeWords(await words.counts(ALL, tokens(raw)), totals)), verdict: 'accept' };
      },
    },
  };
}

function headerOf({ score, reasons }: Judgement): string {
  const shown = reasons
    .slice(0, SHOWN_REASONS)
    .filter(({ word }) => /^[\u0021-\u007e]{1,60}$/.test(word))
    .map(({ word, probability }) => `\r\n\t${word} ${probability.toFixed(2)};`);
  return `X-Spam-Learnt: ${score.toFixed(3)};${shown.join('')}\r\n`;
}
