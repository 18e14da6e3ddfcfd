/** `mallard queue …`: mail that waits to be sent. */
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { usage } from '../fault.ts';
import { duration, printJson, printLine, printTable, printable } from '../output.ts';
import { WorkerApiClient } from '../worker-api.ts';

const entrySchema = z.looseObject({
  id: z.string(),
  from: z.string(),
  recipients: z.array(z.string()),
  subject: z.string(),
  state: z.string(),
  created: z.string(),
  next: z.string(),
  attempts: z.number(),
  last: z.looseObject({ at: z.string(), server: z.string(), text: z.string() }).optional(),
  route: z.looseObject({ host: z.string(), port: z.number() }).optional(),
});
const listSchema = z.looseObject({ total: z.number(), results: z.array(entrySchema) });
const statusSchema = z.looseObject({
  queued: z.number(),
  held: z.number(),
  due: z.number(),
  oldest: z.string().optional(),
  mode: z.string(),
  paused: z.looseObject({ since: z.string(), reason: z.string() }).optional(),
  sending: z.number(),
  resting: z.array(z.looseObject({ destination: z.string(), until: z.string(), reason: z.string() })),
});
const anySchema = z.looseObject({});

export type QueueListFlags = { readonly search?: string; readonly held?: boolean; readonly limit?: string };

export async function listQueue({ paths, json }: CliContext, flags: QueueListFlags): Promise<void> {
  const query = new URLSearchParams({ limit: flags.limit ?? '50' });
  if (flags.search !== undefined) query.set('search', flags.search);
  if (flags.held === true) query.set('state', 'held');
  const answer = await new WorkerApiClient(paths).call(listSchema, 'GET', `/queue?${query.toString()}`);
  if (json) return printJson(answer);
  printTable(
    ['ID', 'STATE', 'AGE', 'NEXT', 'TRIES', 'FROM', 'TO', 'LAST ANSWER'],
    answer.results.map((entry) => [
      entry.id,
      entry.state,
      duration(Date.now() - Date.parse(entry.created)),
      entry.state === 'queued' ? `in ${duration(Date.parse(entry.next) - Date.now())}` : '',
      String(entry.attempts),
      entry.from === '' ? '(a notice)' : entry.from,
      recipients(entry.recipients),
      entry.last?.text ?? '',
    ]),
  );
  if (answer.total > answer.results.length) printLine(`${answer.total} in all: --limit shows more.`);
}

export async function showQueueEntry({ paths, json }: CliContext, id: string): Promise<void> {
  const entry = await new WorkerApiClient(paths).call(entrySchema, 'GET', `/queue/${encodeURIComponent(id)}`);
  if (json) return printJson(entry);
  const { last, route } = entry;
  const lines: readonly (readonly [string, string])[] = [
    ['State', entry.state],
    ['From', entry.from === '' ? '(a notice)' : entry.from],
    ['To', entry.recipients.join(', ')],
    ['Subject', entry.subject],
    ['Since', entry.created],
    ['Next try', entry.next],
    ['Tries', String(entry.attempts)],
    ...(last === undefined ? [] : ([['Last answer', `${last.at} ${last.server} ${last.text}`]] as const)),
    ...(route === undefined ? [] : ([['Way', `${route.host}:${route.port}`]] as const)),
  ];
  for (const [name, value] of lines) printLine(`${name.padEnd(12)} ${printable(value)}`);
}

export type QueueDeed = 'hold' | 'release' | 'retry' | 'return';

export async function changeQueueEntry(
  { paths, json }: CliContext,
  id: string,
  action: QueueDeed,
  reason?: string,
): Promise<void> {
  const body = { action, ...(reason === undefined ? {} : { reason }) };
  const answer = await new WorkerApiClient(paths).call(anySchema, 'PUT', `/queue/${encodeURIComponent(id)}`, body);
  if (json) printJson(answer);
}

export async function routeQueueEntry({ paths, json }: CliContext, id: string, way: string | undefined): Promise<void> {
  const body = { route: way ?? '' };
  const answer = await new WorkerApiClient(paths).call(anySchema, 'PUT', `/queue/${encodeURIComponent(id)}`, body);
  if (json) printJson(answer);
}

export async function removeQueueEntry({ paths, json }: CliContext, id: string, sure: boolean): Promise<void> {
  if (!sure) throw usage('Nobody would be told. Say --yes if that is meant; "mallard queue return" tells the sender.');
  const answer = await new WorkerApiClient(paths).call(anySchema, 'DELETE', `/queue/${encodeURIComponent(id)}`);
  if (json) printJson(answer);
}

export async function queueStatus({ paths, json }: CliContext): Promise<void> {
  const answer = await new WorkerApiClient(paths).call(statusSchema, 'GET', '/queue/status');
  if (json) return printJson(answer);
  const { queued, held, due, sending, paused, oldest, mode, resting } = answer;
  printLine(`Waiting      ${queued} (${due} due, ${sending} being sent), ${held} held`);
  if (oldest !== undefined) printLine(`Oldest       ${duration(Date.now() - Date.parse(oldest))}`);
  printLine(`Mode         ${mode}`);
  if (paused !== undefined)
    printLine(`Paused       since ${paused.since}${paused.reason === '' ? '' : `: ${printable(paused.reason)}`}`);
  for (const { destination, until, reason } of resting)
    printLine(`Left alone   ${printable(destination)} until ${until}: ${printable(reason)}`);
}

export async function pauseQueue({ paths, json }: CliContext, paused: boolean, reason?: string): Promise<void> {
  const body = { paused, ...(reason === undefined ? {} : { reason }) };
  const answer = await new WorkerApiClient(paths).call(anySchema, 'PUT', '/queue/status', body);
  if (json) printJson(answer);
}

function recipients(list: readonly string[]): string {
  const [first = '', ...others] = list;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
