/** Rspamd by HTTP (its /checkv2): its verdict, score and symbols. While it is away, mail goes on unjudged. */
import { z } from 'zod';
import type { Logger } from '../../base/log.ts';
import type { CheckFacts, CheckResult, IncomingChecks } from '../hooks.ts';

export type RspamdOptions = {
  readonly url: string;
  readonly password?: string | undefined;
  readonly timeoutMs: number;
  readonly log: Logger;
};

const answerSchema = z.object({
  action: z.string(),
  score: z.number().default(0),
  required_score: z.number().default(15),
  symbols: z.record(z.string(), z.object({ score: z.number().default(0) })).default({}),
  messages: z.record(z.string(), z.unknown()).optional(),
});
type Answer = z.output<typeof answerSchema>;

/** More symbols than this are left out of the header, the weightiest stay. */
const SHOWN_SYMBOLS = 20;

export function createRspamd({ url, password, timeoutMs, log }: RspamdOptions): IncomingChecks {
  const endpoint = new URL('checkv2', url.endsWith('/') ? url : `${url}/`);
  return {
    check: async (raw, facts) => {
      try {
        const response = await fetch(endpoint, {
          method: 'POST',
          headers: headersFor(facts, password),
          body: new Uint8Array(raw.buffer as ArrayBuffer, raw.byteOffset, raw.byteLength),
          signal: AbortSignal.timeout(timeoutMs),
        });
        if (!response.ok) throw new Error(`it answered ${response.status}`);
        return judge(answerSchema.parse(await response.json()));
      } catch (error) {
        log.warn('Rspamd does not judge', { reason: error instanceof Error ? error.message : String(error) });
        return { header: '', verdict: 'accept' };
      }
    },
  };
}

/** What a header of HTTP can't hold is left out: Rspamd judges without it. */
function headersFor(facts: CheckFacts, password: string | undefined): Record<string, string> {
  const all: Record<string, string | undefined> = { IP: facts.ip, Helo: facts.hello, From: facts.from, Password: password };
  const usable = Object.entries(all).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && /^[\u0020-\u007e]+$/.test(entry[1]),
  );
  return Object.fromEntries(usable);
}

function judge(answer: Answer): CheckResult {
  const header = headerOf(answer);
  switch (answer.action) {
    case 'reject':
      return { header, verdict: 'reject', text: 'The message looks like spam' };
    case 'soft reject':
    case 'greylist':
      return { header, verdict: 'defer', text: 'Try again later' };
    case 'add header':
    case 'rewrite subject':
    case 'quarantine':
      return { header, verdict: 'quarantine' };
    default:
      return { header, verdict: 'accept' };
  }
}

function headerOf({ score, required_score: required, action, symbols }: Answer): string {
  const listed = Object.entries(symbols)
    .filter(([name]) => /^[\w.-]{1,64}$/.test(name))
    .sort(([, a], [, b]) => Math.abs(b.score) - Math.abs(a.score))
    .slice(0, SHOWN_SYMBOLS)
    .map(([name, symbol]) => `\r\n\t${name}(${symbol.score.toFixed(2)})`);
  const spam = action === 'no action' || action === 'greylist' ? 'No' : 'Yes';
  return `X-Spam-Status: ${spam}, score=${score.toFixed(2)} required=${required.toFixed(2)} by rspamd${listed.join('')}\r\n`;
}
