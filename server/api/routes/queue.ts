/** The outgoing queue and the traces, for administrators. */
import { RELAY_PRESETS } from '../../config/relay-presets.ts';
import { InvalidInput } from '../../operations/refusal.ts';
import type { QueueEntry, QueueRoute } from '../../store/types-queue.ts';
import type { TraceRecord } from '../../store/types-trace.ts';
import { type ApiContext, type Route, defined, route } from '../context.ts';
import { queue, trace, type QueueEntryBody } from '../contract/queue.ts';
import { relays } from '../contract/relays.ts';
import { refuse } from '../faults.ts';

const noEntry = () => refuse('NoSuchQueueEntry', 'There is no such entry in the queue');

export function queueRoutes({ config, store, outgoing }: ApiContext): Route[] {
  const { queue: entries } = store;
  const found = async (id: string): Promise<QueueEntry> => {
    const entry = await entries.get(id);
    if (entry === undefined) throw noEntry();
    return entry;
  };

  return [
    route(queue.list, async ({ input }) => {
      const { search, state, destination, transaction, user, limit, next, previous, page } = input;
      const filter = defined({ search, state: state as 'queued' | 'held' | undefined, destination, transaction, user });
      const answer = await entries.page(filter, { limit, next, previous });
      return { success: true, page, ...answer, results: answer.results.map(entryBody) };
    }),
    route(relays.list, () => ({ success: true, results: RELAY_PRESETS.map((preset) => ({ ...preset })) })),
    route(queue.status, async () => {
      const [tally, paused] = await Promise.all([entries.tally(new Date()), entries.paused()]);
      const { sending, resting } = outgoing.runner()?.state() ?? { sending: 0, resting: [] };
      return {
        success: true,
        ...tally,
        oldest: tally.oldest?.toISOString(),
        mode: config.outbound.mode,
        ...(paused === undefined ? {} : { paused: { ...paused, since: paused.since.toISOString() } }),
        sending,
        resting: resting.map((one) => ({ ...one, until: one.until.toISOString() })),
      };
    }),
    route(queue.pause, async ({ input }) => {
      const { paused, reason } = input;
      if (paused === undefined) throw new InvalidInput('paused', 'is required');
      await entries.setPaused(paused ? { since: new Date(), reason: reason ?? '' } : undefined);
      outgoing.runner()?.wake();
      return { success: true };
    }),
    route(queue.get, async ({ input }) => ({ success: true, ...entryBody(await found(input.entry)) })),
    route(queue.update, async ({ input }) => {
      const { entry, action, reason, route: way } = input;
      if (action === undefined && way === undefined) throw new InvalidInput('action', 'Nothing was changed');
      await found(entry);
      if (way !== undefined && !(await entries.setRoute(entry, routeOf(way)))) throw noEntry();
      if (action !== undefined && !(await act(entry, action, reason))) {
        throw refuse('ChangeNotAllowed', 'This entry is being sent just now');
      }
      outgoing.runner()?.wake();
      return { success: true };
    }),
    route(queue.remove, async ({ input }) => {
      if (!(await entries.remove(input.entry))) throw noEntry();
      return { success: true };
    }),
    route(trace.search, async ({ input }) => {
      const { address, subject, messageId, queueId, remote, user, after, before, limit, next, previous, page } = input;
      const search = defined({ address, subject, messageId, queueId, ip: remote, user, after, before });
      const answer = await store.flow.trace.search(search, { limit, next, previous });
      return { success: true, page, ...answer, results: answer.results.map(traceBody) };
    }),
    route(trace.get, async ({ input }) => {
      const record = await store.flow.trace.get(input.transaction);
      if (record === undefined) throw refuse('NotFound', 'Nothing is known of this message');
      return { success: true, ...traceBody(record) };
    }),
  ];

  function act(id: string, action: string, reason: string | undefined): Promise<boolean> {
    switch (action) {
      case 'hold':
        return entries.setState(id, 'held');
      case 'release':
        // A post that waits for a moderator would only wait again.
        return entries.approve(id, 'the administration', new Date()).then((done) => done || entries.setState(id, 'queued'));
      case 'retry':
        return entries.retryNow(id, new Date());
      default:
        return entries.giveUp(id, reason ?? 'The administrator returned this message', new Date());
    }
  }
}

function routeOf(text: string): QueueRoute | undefined {
  if (text.trim() === '') return undefined;
  const found = /^\[?([0-9A-Za-z:._-]+?)\]?(?::(\d{1,5}))?$/.exec(text.trim());
  const port = Number(found?.[2] ?? 25);
  if (found === null || port < 1 || port > 65_535) throw new InvalidInput('route', 'must be host or host:port');
  return { host: found[1] ?? '', port };
}

function entryBody(entry: QueueEntry): QueueEntryBody {
  const {
    id,
    message,
    transactionId,
    user,
    from,
    destination,
    subject,
    messageId,
    sizeBytes,
    attempts,
    last,
    route: way,
    giveUp,
  } = entry;
  return {
    id,
    message,
    transaction: transactionId,
    ...defined({ user }),
    from,
    recipients: entry.recipients.map(({ address }) => address),
    destination,
    subject,
    messageId,
    size: sizeBytes,
    state: entry.working && entry.state === 'queued' ? 'sending' : entry.state,
    created: entry.created.toISOString(),
    next: entry.next.toISOString(),
    attempts,
    ...(last === undefined ? {} : { last: { ...last, at: last.at.toISOString() } }),
    // Its password is nobody's business.
    ...(way === undefined ? {} : { route: { host: way.host, port: way.port } }),
    ...defined({ returning: giveUp }),
  };
}

function traceBody({ steps, at, ...record }: TraceRecord) {
  return {
    ...record,
    to: record.to === undefined ? undefined : [...record.to],
    at: at.toISOString(),
    steps: steps.map((step) => ({ ...step, at: step.at.toISOString() })),
  };
}
