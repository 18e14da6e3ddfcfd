/**
 * The trace of every message: what was said of it when it came, what judged it, where it went, and each attempt with the remote's words. Events are gathered
 * and written together some times a second; the trace never holds mail up, and loses events before it fills the memory.
 */
import type { Logger } from '../base/log.ts';
import type { TraceAddition, TraceFacts, TraceStep, TraceStore } from '../store/types-trace.ts';
import type { TraceEvent, TraceSink } from './hooks.ts';

export type Trace = TraceSink & {
  /** Writes what is gathered. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
  /** Messages put into mailboxes, and recipients elsewhere that were given theirs, since the start of this worker. */
  readonly counts: () => { readonly received: number; readonly sent: number };
};

export type TraceOptions = {
  readonly store: TraceStore;
  readonly keepMs: number;
  readonly log: Logger;
  readonly flushMs?: number;
};

const FLUSH_MS = 200;
const MAX_GATHERED = 20_000;
const MAX_TEXT = 1_000;
const MAX_LIST = 200;
const FACTS = new Set(['service', 'from', 'to', 'user', 'ip', 'hello', 'protocol', 'tls', 'messageId', 'subject', 'sizeBytes']);
/** Where `from` and `to` speak of the message itself. */
const OF_MESSAGE = new Set(['accepted', 'refused', 'queued', 'delivered']);

type Gathered = { at: Date; facts: Record<string, unknown>; to: Set<string>; keys: Set<string>; steps: TraceStep[] };

export function createTrace({ store, keepMs, log, flushMs = FLUSH_MS }: TraceOptions): Trace {
  let gathered = new Map<string, Gathered>();
  let events = 0;
  let lost = 0;
  let received = 0;
  let sent = 0;
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const record = (event: TraceEvent): void => {
    if (event.kind === 'delivered' && event['outcome'] === 'delivered') received += 1;
    if (event.kind === 'attempt' && (event['outcome'] === 'sent' || event['outcome'] === 'delivered')) sent += 1;
    if (events >= MAX_GATHERED) {
      lost += 1;
      return;
    }
    events += 1;
    const at = new Date(event.atMs);
    const entry = gathered.get(event.transaction) ?? { at, facts: {}, to: new Set(), keys: new Set(), steps: [] };
    gathered.set(event.transaction, entry);
    add(entry, event, at);
    timer ??= setTimeout(() => void flush(), flushMs).unref();
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const additions = [...gathered].map(([transaction, entry]) => toAddition(transaction, entry));
    gathered = new Map();
    events = 0;
    if (lost > 0) log.warn('the trace could not keep up', { lost });
    lost = 0;
    writing = writing
      .then(() => store.add(additions, keepMs))
      .catch((error: unknown) => log.warn('the trace could not be written', { error, traces: additions.length }));
    return writing;
  };

  return { record, flush, close: flush, counts: () => ({ received, sent }) };
}

function add(entry: Gathered, event: TraceEvent, at: Date): void {
  const { transaction: _transaction, atMs: _atMs, kind, ...fields } = event;
  const step: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const short = shortened(value);
    if (FACTS.has(field) && OF_MESSAGE.has(kind)) {
      if (field === 'to') for (const address of asList(short)) entry.to.add(address);
      else if (field !== 'from' || entry.facts['from'] === undefined) entry.facts[field] = short;
    }
    if (!FACTS.has(field) || field === 'to') step[field] = short;
    keysOf(field, short, entry.keys);
  }
  entry.steps.push({ at, kind, ...step });
}

function keysOf(field: string, value: unknown, keys: Set<string>): void {
  if (keys.size > 2 * MAX_LIST) return;
  if (field === 'destinations') {
    for (const { recipients } of value as readonly { recipients?: unknown }[]) keysOf('to', recipients, keys);
  } else if (field === 'from' || field === 'to' || field === 'notified') {
    for (const address of asList(value)) {
      if (address === '') continue;
      const key = address.toLowerCase();
      keys.add(key);
      keys.add(key.slice(key.lastIndexOf('@') + 1));
    }
  } else if (field === 'queueId' || field === 'entries' || field === 'messageId' || field === 'ip') {
    for (const key of asList(value)) if (key !== '') keys.add(key.toLowerCase());
  }
}

function toAddition(transaction: string, { at, facts, to, keys, steps }: Gathered): TraceAddition {
  return {
    transaction,
    at,
    facts: { ...(facts as TraceFacts), ...(to.size === 0 ? {} : { to: [...to].slice(0, MAX_LIST) }) },
    keys: [...keys],
    steps,
  };
}

function asList(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.filter((one): one is string => typeof one === 'string');
  return typeof value === 'string' ? [value] : [];
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT);
  return Array.isArray(value) ? value.slice(0, MAX_LIST) : value;
}
