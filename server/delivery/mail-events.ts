/**
 * Events for web hooks, from what the trace and the queue tell: `mail.received`, `mail.delivered`, `mail.deferred`, `mail.bounced`,
 * and `mail.complete` when nothing of a message is left in the queue. */
import type { HookEvent } from '../operations/webhooks.ts';
import type { LeasedEntry } from '../store/types-queue.ts';
import type { TraceEvent, TraceSink } from './hooks.ts';
import type { RecipientResult } from './queue/results.ts';

export type Emit = (event: HookEvent) => void;

/** The same trace, with an event for each message that reaches a mailbox. */
export function withEvents(trace: TraceSink, emit: Emit): TraceSink {
  return {
    record: (event) => {
      trace.record(event);
      const received = receivedEvent(event);
      if (received !== undefined) emit(received);
    },
  };
}

function receivedEvent({ kind, transaction, ...fields }: TraceEvent): HookEvent | undefined {
  if (kind !== 'delivered' || fields['outcome'] !== 'delivered') return undefined;
  const { user, from, to, mailbox, message } = fields;
  return { type: 'mail.received', user: typeof user === 'string' ? user : undefined, transaction, from, to, mailbox, message };
}

export function emitResult(emit: Emit, entry: LeasedEntry, result: RecipientResult, final: boolean): void {
  // Mail between users here is told when it is received.
  if (result.kind === 'delivered') return;
  const type = result.kind === 'relayed' ? 'mail.delivered' : final ? 'mail.bounced' : 'mail.deferred';
  const { transactionId, id, user, from, messageId, attempts } = entry;
  const { recipient, status, text, server } = result;
  emit({
    type,
    user,
    transaction: transactionId,
    queueId: id,
    from,
    to: recipient.address,
    messageId,
    status,
    text,
    server,
    attempt: attempts + 1,
  });
}

/** The entry was the last one of its message. */
export function emitComplete(emit: Emit, { transactionId, message, user, from, messageId }: LeasedEntry): void {
  emit({ type: 'mail.complete', user, transaction: transactionId, message, from, messageId });
}
