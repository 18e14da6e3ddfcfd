/** What can be said of a client before its message: block lists and greylisting. */
import type { CheckResult, IncomingChecks } from '../hooks.ts';
import type { OutcomeText } from '../outcome-reply.ts';
import type { BlockLists } from './dnsbl.ts';
import type { Greylist } from './greylist.ts';

export type Screen = {
  /** Asked for each recipient that would be taken; a reply refuses it. */
  readonly recipient: (ip: string, from: string, to: string) => Promise<OutcomeText | undefined>;
  /** Lists that only doubt send mail into Junk. */
  readonly checks: IncomingChecks;
};

export function createScreen(parts: { readonly blockLists: BlockLists; readonly greylist?: Greylist | undefined }): Screen {
  const { blockLists, greylist } = parts;
  return {
    recipient: async (ip, from, to) => {
      const listing = await blockLists.find(ip);
      if (listing?.action === 'reject') {
        const why = listing.reason === '' ? '' : `: ${listing.reason}`;
        return { code: 554, enhanced: '5.7.1', text: `Your address ${ip} is on ${listing.zone}${why}` };
      }
      if (greylist === undefined || (await greylist.mayPass(ip, from, to))) return undefined;
      return { code: 451, enhanced: '4.7.1', text: 'We have not met: try again in a few minutes' };
    },
    checks: {
      check: async (_raw, { ip }): Promise<CheckResult> => {
        const listing = await blockLists.find(ip);
        if (listing === undefined) return { header: '', verdict: 'accept' };
        return { header: `X-Block-List: ${listing.zone}\r\n`, verdict: 'quarantine' };
      },
    },
  };
}
