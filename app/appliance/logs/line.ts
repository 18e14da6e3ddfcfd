/**
 * One log line, and how the output of each kind of child becomes one. Workers and the appliance write JSON with the field names of
 * server/base/log; mongod writes its own JSON; Valkey and Redis write text with a severity mark. What fits none of these is kept as it is.
 */
import type { LogLevel } from '../../../server/base/log.ts';

/** By severity; the numbers are what the store compares. */
export const severities: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 };
export const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: LogLevel;
  /** Who says it: `appliance`, `mongod`, `valkey`, `worker-1`, or a service inside a worker (`imap`). */
  readonly service: string;
  readonly pid?: number;
  readonly connection?: string;
  readonly user?: string;
  readonly message: string;
  /** Everything else that the line carried. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The source of a line of output. */
export interface LineSource {
  readonly service: string;
  readonly pid?: number;
  /** How its output is written. */
  readonly format: 'worker' | 'mongod' | 'redis' | 'text';
  /** Lines of plain text on stderr are warnings: a program that has a log writes there only in trouble. */
  readonly stream: 'stdout' | 'stderr';
}

const maxMessageChars = 8192;
const maxFieldsChars = 16_384;

/** Never fails: a line that cannot be understood is a line of text. */
export function parseLine(text: string, source: LineSource, now: number): LogLine {
  const json = text.startsWith('{') ? tryObject(text) : undefined;
  if (json !== undefined && source.format === 'mongod') return fromMongod(json, source, now);
  if (json !== undefined) return fromFields(json, source, now);
  if (source.format === 'redis') return fromRedis(text, source, now);
  return plain(text, source, now);
}

function fromFields(json: Record<string, unknown>, source: LineSource, now: number): LogLine {
  const { time, level, message, msg, service, connection, user, pid: _pid, ...rest } = json;
  const at = typeof time === 'string' ? Date.parse(time) : typeof time === 'number' ? time : Number.NaN;
  return build(source, {
    at: Number.isFinite(at) ? at : now,
    level: isLevel(level) ? level : 'info',
    message: typeof message === 'string' ? message : typeof msg === 'string' ? msg : '',
    service: typeof service === 'string' && service !== '' ? service.slice(0, 64) : source.service,
    ...(isId(connection) ? { connection: String(connection).slice(0, 128) } : {}),
    ...(isId(user) ? { user: String(user).slice(0, 320) } : {}),
    // The process is known by its pid; which worker it was is told only when the line names a service inside it.
    fields: typeof service === 'string' && service !== source.service ? { ...rest, process: source.service } : rest,
  });
}

/** mongod's structured log (since 4.4): `{"t":{"$date"},"s":"I","c":"NETWORK","id","ctx","msg","attr"}`. */
function fromMongod(json: Record<string, unknown>, source: LineSource, now: number): LogLine {
  const date = (json['t'] as { $date?: unknown } | null | undefined)?.$date;
  const at = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  const message = typeof json['msg'] === 'string' ? json['msg'] : '';
  const { attr, c, ctx, id } = json;
  return build(source, {
    at: Number.isFinite(at) ? at : now,
    level: mongodLevel(json['s'], message),
    message,
    service: source.service,
    fields: { component: c, context: ctx, id, ...(isObject(attr) ? attr : {}) },
  });
}

/** mongod calls "info" what is of interest to its developers; only what a person can act on is information here. */
function mongodLevel(mark: unknown, message: string): LogLevel {
  if (mark === 'F' || mark === 'E') return 'error';
  if (mark === 'W') return 'warn';
  return /^(Slow query|Waiting for connections|Shutting down|shutting down|Detected unclean shutdown)/.test(message)
    ? 'info'
    : 'debug';
}

/** Valkey and Redis: `12:M 24 Nov 2026 08:51:30.123 * Ready to accept connections tcp`. Marks: `.` debug, `-` verbose, `*` notice, `#` warning. */
function fromRedis(text: string, source: LineSource, now: number): LogLine {
  const match = /^\d+:[A-Z] \d{1,2} \w{3} \d{4} [\d:.]+ ([.*#-]) (.*)$/s.exec(text);
  if (match === null) return plain(text, source, now);
  const [, mark = '', message = ''] = match;
  const level: LogLevel = mark === '#' ? 'warn' : mark === '*' ? 'info' : 'debug';
  return build(source, { at: now, level, message, service: source.service });
}

function plain(text: string, source: LineSource, now: number): LogLine {
  return build(source, { at: now, level: source.stream === 'stderr' ? 'warn' : 'info', message: text, service: source.service });
}

function build(source: LineSource, line: LogLine): LogLine {
  const fields = line.fields === undefined ? undefined : boundFields(line.fields);
  const { fields: _, ...rest } = line;
  return {
    ...rest,
    message: clip(line.message, maxMessageChars),
    ...(source.pid === undefined ? {} : { pid: source.pid }),
    ...(fields === undefined ? {} : { fields }),
  };
}

function boundFields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  if (present.length === 0) return undefined;
  const all = Object.fromEntries(present);
  const text = JSON.stringify(all);
  return text.length <= maxFieldsChars ? all : { clipped: clip(text, maxFieldsChars) };
}

function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}…`;
}

function tryObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON after all: a line of text that begins with a brace.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLevel(value: unknown): value is LogLevel {
  return typeof value === 'string' && Object.hasOwn(severities, value);
}

function isId(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}
