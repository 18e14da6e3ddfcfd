/** `mallard trace …`: where is my mail? */
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { usage } from '../fault.ts';
import { printJson, printLine, printable } from '../output.ts';
import { timeOf } from '../time.ts';
import { WorkerApiClient } from '../worker-api.ts';

const stepSchema = z.looseObject({ at: z.string(), kind: z.string() });
const traceSchema = z.looseObject({
  transaction: z.string(),
  at: z.string(),
  from: z.string().optional(),
  to: z.array(z.string()).optional(),
  subject: z.string().optional(),
  messageId: z.string().optional(),
  ip: z.string().optional(),
  steps: z.array(stepSchema),
});
const listSchema = z.looseObject({ total: z.number(), results: z.array(traceSchema) });

export type TraceFlags = {
  readonly address?: string;
  readonly subject?: string;
  readonly messageId?: string;
  readonly queueId?: string;
  readonly ip?: string;
  readonly since?: string;
  readonly limit?: string;
};

/** @param words an address, a Message-ID or a transaction's id */
export async function trace({ paths, json }: CliContext, words: string | undefined, flags: TraceFlags): Promise<void> {
  const api = new WorkerApiClient(paths);
  const query = queryOf(words, flags);
  if (query === undefined) {
    const found = await api.call(traceSchema, 'GET', `/trace/${encodeURIComponent(words ?? '')}`);
    if (json) return printJson(found);
    return printTrace(found);
  }
  const answer = await api.call(listSchema, 'GET', `/trace?${query.toString()}`);
  if (json) return printJson(answer);
  if (answer.results.length === 0) return printLine('Nothing is known of such a message.');
  for (const found of answer.results) printTrace(found);
  if (answer.total > answer.results.length) printLine(`${answer.total} in all: --limit shows more.`);
}

function queryOf(words: string | undefined, flags: TraceFlags): URLSearchParams | undefined {
  const { address, subject, messageId, queueId, ip, since, limit = '20' } = flags;
  const given = { address, subject, messageId, queueId, remote: ip, after: since === undefined ? undefined : timeOf(since) };
  const query = new URLSearchParams({ limit });
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, value);
  if (words === undefined) {
    if (query.size === 1)
      throw usage('Say which message: an address, a Message-ID, an id, or --subject, --ip, --queue-id, --since.');
    return query;
  }
  if (words.startsWith('<')) query.set('messageId', words);
  else if (words.includes('@') || words.includes('.')) query.set('address', words);
  else return undefined;
  return query;
}

function printTrace({ transaction, at, from, to = [], subject, messageId, ip, steps }: z.output<typeof traceSchema>): void {
  printLine(`${at}  ${transaction}  ${printable(subject ?? '')}`);
  printLine(`  from ${printable(from === undefined || from === '' ? '(a notice)' : from)}${ip === undefined ? '' : ` [${ip}]`}`);
  if (to.length > 0) printLine(`  to   ${printable(to.join(', '))}`);
  if (messageId !== undefined && messageId !== '') printLine(`  id   ${printable(messageId)}`);
  for (const step of steps) printLine(`  ${step.at}  ${printable(told(step))}`);
  printLine('');
}

function told({ at: _at, kind, ...fields }: z.output<typeof stepSchema>): string {
  const words = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const rest = Object.entries(fields)
    .filter(([name, value]) => !['outcome', 'to', 'server', 'text', 'status'].includes(name) && value !== '')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const outcome = words('outcome');
  return [
    outcome === '' ? kind : `${kind}: ${outcome}`,
    words('to'),
    words('server') === '' ? '' : `by ${words('server')}`,
    words('text') === '' ? words('status') : `"${words('text')}"`,
    ...rest,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
