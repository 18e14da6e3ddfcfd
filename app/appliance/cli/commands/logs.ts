/** `mallard logs`: from a running appliance or, when none runs, from the file. */
import { existsSync } from 'node:fs';
import { eventSchema, type LogEntry, logFilterSchema, logLevelSchema, routes } from '../../control/contract.ts';
import { logFilterOf } from '../../control/handlers.ts';
import { LogStore } from '../../logs/store.ts';
import type { CliContext } from '../context.ts';
import { ControlClient, notRunning } from '../control-client.ts';
import { usage } from '../fault.ts';
import { printable, printJson, printLine } from '../output.ts';
import type { LogFlags } from '../program.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export async function logs({ paths, json }: CliContext, flags: LogFlags): Promise<void> {
  const filter = queryOf(flags);
  const lines = /^\d{1,4}$/.test(flags.lines) ? Number(flags.lines) : Number.NaN;
  if (!(lines >= 0 && lines <= 1000)) throw usage(`--lines cannot be ${flags.lines}.\nAllowed: a whole number from 0 to 1000`);
  const print = (entry: LogEntry): void => (json ? printJson(entry) : printLine(format(entry)));
  const client = ControlClient.tryOpen(paths);
  if (client === undefined) {
    if (flags.follow === true) throw notRunning(paths);
    if (!existsSync(paths.logs)) throw notRunning(paths);
    const store = new LogStore({
      file: paths.logs,
      limits: { maxBytes: Number.MAX_SAFE_INTEGER, maxAgeMs: Number.MAX_SAFE_INTEGER },
    });
    const found = lines === 0 ? [] : (await store.query({ ...logFilterOf(logFilterSchema.parse(filter)), limit: lines })).lines;
    store.close();
    for (const entry of found.reverse()) print(entry);
    return;
  }
  if (flags.follow !== true) {
    if (lines > 0) for (const entry of await page(client, filter, lines)) print(entry);
    return;
  }
  await follow(client, filter, lines, print);
}

async function page(client: ControlClient, filter: Record<string, string>, lines: number): Promise<LogEntry[]> {
  const answer = await client.call(routes.logs, { query: { ...filter, limit: String(lines) } });
  return answer.lines.reverse();
}

/** Listens first and reads the past afterwards, so that no line falls between; ids tell which came twice. */
async function follow(
  client: ControlClient,
  filter: Record<string, string>,
  lines: number,
  print: (entry: LogEntry) => void,
): Promise<void> {
  let early: LogEntry[] | undefined = [];
  let last = 0;
  const show = (entries: readonly LogEntry[]): void => {
    for (const entry of entries) {
      if (entry.id <= last) continue;
      last = entry.id;
      print(entry);
    }
  };
  const ended = client.events(`/control/events?${new URLSearchParams({ ...filter, logs: '1' }).toString()}`, (data) => {
    const event = eventSchema.safeParse(data);
    if (!event.success || event.data.type !== 'log') return;
    if (early === undefined) show(event.data.lines);
    else early.push(...event.data.lines);
  });
  const past = lines === 0 ? [] : await page(client, filter, lines);
  show(past);
  show(early);
  early = undefined;
  await ended;
}

function queryOf(flags: LogFlags): Record<string, string> {
  if (flags.level !== undefined && !logLevelSchema.safeParse(flags.level).success) {
    throw usage(`--level cannot be ${JSON.stringify(flags.level)}.\nAllowed: ${logLevelSchema.options.join(', ')}`);
  }
  const query = {
    level: flags.level,
    service: flags.service,
    text: flags.grep,
    user: flags.user,
    connection: flags.connection,
    from: flags.since === undefined ? undefined : String(sinceMs(flags.since, Date.now())),
  };
  return Object.fromEntries(Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined));
}

/** Milliseconds since 1970 of "15m", "2h", "3d" ago, or of a date. */
export function sinceMs(text: string, now: number): number {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0);
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw usage(`--since cannot be ${JSON.stringify(text)}.\nAllowed: 30s, 15m, 2h, 3d, or a date such as 2026-11-24T08:00`);
  return at;
}

function format(entry: LogEntry): string {
  const time = new Date(entry.at).toISOString().replace('T', ' ').replace('Z', '');
  const who = [
    entry.user === undefined ? '' : `user=${entry.user}`,
    entry.connection === undefined ? '' : `connection=${entry.connection}`,
  ];
  const fields = Object.entries(entry.fields ?? {}).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const rest = [...who, ...fields].filter((each) => each !== '').join(' ');
  return printable(
    `${time} ${entry.level.padEnd(5)} ${entry.service.padEnd(10)} ${entry.message}${rest === '' ? '' : `  ${rest}`}`,
  );
}
