/** What a client is told about a delivery, the same by LMTP and SMTP. Codes of RFC 3463. */
import type { DeliveryOutcome } from './deliver.ts';

export type OutcomeText = { readonly code: number; readonly enhanced: string; readonly text: string };

export function describeOutcome(
  outcome: DeliveryOutcome,
  options: { readonly transactionId: string; readonly quotaFailure: 'temporary' | 'permanent' },
): OutcomeText {
  switch (outcome.kind) {
    case 'delivered':
      return { code: 250, enhanced: '2.1.5', text: `Delivered, id ${options.transactionId}` };
    case 'passed-on':
      return { code: 250, enhanced: '2.1.5', text: `Queued, id ${options.transactionId}` };
    // Nobody is told what a user throws away.
    case 'discarded':
      return { code: 250, enhanced: '2.1.5', text: `Delivered, id ${options.transactionId}` };
    case 'rejected':
      return { code: 550, enhanced: '5.7.1', text: outcome.reason };
    case 'over-quota':
      return options.quotaFailure === 'permanent'
        ? { code: 552, enhanced: '5.2.2', text: 'The mailbox is full' }
        : { code: 452, enhanced: '4.2.2', text: 'The mailbox is full' };
    case 'loop':
      return { code: 554, enhanced: '5.4.6', text: 'The message is in a loop' };
    case 'too-big':
      return { code: 552, enhanced: '5.3.4', text: 'The message is too big' };
    case 'unavailable':
      return { code: 451, enhanced: '4.3.0', text: 'The mail store is not available: try again later' };
  }
}
