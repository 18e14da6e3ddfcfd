/** Queue entries for users here: what SMTP could not deliver at once, notices to our own users, and everything in test mode. */
import type { Config } from '../../config/schema.ts';
import type { Operations } from '../../operations/contract.ts';
import type { QueueEntry, QueueRecipient } from '../../store/types-queue.ts';
import type { Delivery, LocalRecipient } from '../deliver.ts';
import { describeOutcome } from '../outcome-reply.ts';
import { deliveryFields } from '../trace-header.ts';
import type { Lists } from '../lists/lists.ts';
import type { RecipientResult } from './results.ts';

export type LocalParts = {
  readonly config: Config;
  readonly operations: Operations;
  readonly delivery: Delivery;
  readonly lists: Lists;
};

/** Delivers to every recipient that is a user here; refuses the others. A post to a list may be `held` for its moderators. */
export async function deliverHere(
  entry: QueueEntry,
  body: Buffer,
  parts: LocalParts,
): Promise<readonly RecipientResult[] | 'held'> {
  const { operations, delivery, config } = parts;
  const here: { recipient: QueueRecipient; local: LocalRecipient }[] = [];
  const results: RecipientResult[] = [];
  for (const recipient of entry.recipients) {
    const found = await operations.accounts.resolveRecipient(recipient.address);
    if (found.kind === 'list') {
      const deed = found.role === 'post' ? parts.lists.post : parts.lists.moderate;
      const outcome = await deed(entry, found.list, body);
      // It is the only recipient of its entry: `expansion.ts` sees to that.
      if (outcome.kind === 'held') return 'held';
      results.push({
        recipient,
        server: '',
        ...(outcome.kind === 'refused'
          ? { kind: 'permanent', status: outcome.status, text: outcome.text }
          : { kind: 'delivered', status: '2.1.5', text: `Passed on by ${found.list.address}` }),
      });
      continue;
    }
    if (found.kind === 'user' && !found.disabled) {
      here.push({ recipient, local: { address: recipient.address, account: found.account, label: found.label } });
    } else {
      const disabled = found.kind === 'user';
      const [status, text] = disabled ? ['5.2.1', 'The mailbox is disabled'] : ['5.1.1', 'No such user here'];
      results.push({ recipient, kind: 'permanent', status, text, server: '' });
    }
  }
  if (here.length === 0) return results;
  const origin = {
    transactionId: entry.transactionId,
    receivedAtMs: entry.created.getTime(),
    protocol: 'ESMTP',
    hello: '',
    remoteAddress: '',
    tls: undefined,
  };
  const envelope = {
    from: entry.from,
    recipients: here.map(({ recipient, local }) => ({
      ...recipient,
      target: { kind: 'local' as const, account: local.account, label: local.label },
    })),
    body: entry.body,
    smtpUtf8: entry.smtpUtf8,
  };
  const raw = Buffer.concat([Buffer.from(deliveryFields(envelope)), body]);
  const outcomes = await delivery.deliver(
    raw,
    here.map(({ local }) => local),
    origin,
    envelope,
  );
  for (const [index, outcome] of outcomes.entries()) {
    const recipient = here[index]?.recipient;
    if (recipient === undefined) continue;
    const { code, enhanced, text } = describeOutcome(outcome, {
      transactionId: entry.transactionId,
      quotaFailure: config.delivery.quotaFailure,
    });
    const kind = code < 400 ? 'delivered' : code < 500 ? 'temporary' : 'permanent';
    results.push({ recipient, kind, status: enhanced, text, server: '' });
  }
  return results;
}

/** Test mode: one user here gets what would have left, with its envelope in a field of its own. */
export async function catchEntry(entry: QueueEntry, body: Buffer, parts: LocalParts): Promise<readonly RecipientResult[]> {
  const address = parts.config.outbound.catchAddress ?? '';
  if (address === '') {
    const text = 'Outgoing mail is caught, but no mailbox is set to catch it';
    return entry.recipients.map((recipient) => ({ recipient, kind: 'temporary', status: '4.3.5', text, server: '' }));
  }
  const names = entry.recipients.map((recipient) => recipient.address.replace(/[\u0000-\u001f\u007f]/g, '')).join(',\r\n\t');
  const raw = Buffer.concat([Buffer.from(`X-Caught-For: ${names}\r\n`), body]);
  const caught = await deliverHere({ ...entry, recipients: [{ address }] }, raw, parts);
  const result = caught === 'held' ? undefined : caught[0];
  return entry.recipients.map((recipient) => ({
    recipient,
    kind: result?.kind === 'delivered' ? 'relayed' : 'temporary',
    status: result?.status ?? '4.3.0',
    text: result?.kind === 'delivered' ? `Caught in the mailbox of ${address}` : (result?.text ?? ''),
    server: '',
    // Nothing left: nobody shall be told that it arrived.
    passedOn: true,
  }));
}
