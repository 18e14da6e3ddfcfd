/** The log as a file: the lines that fit the filter, the newest of them, oldest first. */
import { type LogEntry, routes } from '../../../app/appliance/control/contract.ts';
import { control } from '../../lib/control.ts';
import { downloadText } from '../../lib/download.ts';
import type { LogFilterText } from './use-log-lines.ts';

const mostLines = 50_000;

/** @returns how many lines were saved */
export async function saveLog(filter: LogFilterText, format: 'text' | 'json'): Promise<number> {
  const lines: LogEntry[] = [];
  let before: number | undefined;
  do {
    const page = await control(routes.logs, { query: { ...filter, limit: 1000, before } });
    lines.push(...page.lines);
    before = page.next;
  } while (before !== undefined && lines.length < mostLines);
  lines.reverse();
  const text = lines.map(format === 'json' ? (line) => JSON.stringify(line) : textLine).join('\n');
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  downloadText(
    `mallard-log-${stamp}.${format === 'json' ? 'jsonl' : 'txt'}`,
    format === 'json' ? 'application/jsonl' : 'text/plain',
    text,
  );
  return lines.length;
}

export function textLine(line: LogEntry): string {
  const { at, level, service, user, connection, message, fields } = line;
  const parts = [
    new Date(at).toISOString(),
    level.toUpperCase().padEnd(5),
    service,
    ...(connection === undefined ? [] : [`[${connection}]`]),
    ...(user === undefined ? [] : [`<${user}>`]),
    message,
    ...(fields === undefined ? [] : [JSON.stringify(fields)]),
  ];
  return parts.join(' ');
}
