/**
 * Structured log lines: one JSON object a line on stdout, read by the appliance (or by whatever collects a worker's output).
 * Field names are shared with the log view. Secrets never get here: callers log decisions and ids, not credentials or bodies.
 */

/** Ordered by severity. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

const severity: Record<LogLevel, number> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 };

/** Fields that every log reader knows; others are free. `user` is an id or address, `connection` a connection id, `ms` a duration. */
export type LogFields = {
  readonly user?: string | undefined;
  readonly connection?: string | undefined;
  readonly service?: string | undefined;
  readonly command?: string | undefined;
  readonly ms?: number | undefined;
  readonly error?: unknown;
  readonly [field: string]: unknown;
};

export type Logger = {
  readonly trace: (message: string, fields?: LogFields) => void;
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
  /** True when a line of that level would be written: ask before building an expensive trace. */
  readonly enabled: (level: LogLevel) => boolean;
  /** The same log with these fields on every line. */
  readonly with: (fields: LogFields) => Logger;
};

/** Writes lines of `level` and above through `write` (default: stdout). */
export function createLogger(
  level: LogLevel,
  fields: LogFields = {},
  write: (line: string) => void = (line) => void process.stdout.write(line),
): Logger {
  const least = severity[level];
  const emit = (at: LogLevel, message: string, more?: LogFields): void => {
    if (severity[at] < least) return;
    write(`${JSON.stringify({ time: new Date().toISOString(), level: at, message, ...fields, ...flatten(more) })}\n`);
  };
  return {
    trace: (message, more) => emit('trace', message, more),
    debug: (message, more) => emit('debug', message, more),
    info: (message, more) => emit('info', message, more),
    warn: (message, more) => emit('warn', message, more),
    error: (message, more) => emit('error', message, more),
    enabled: (at) => severity[at] >= least,
    with: (more) => createLogger(level, { ...fields, ...more }, write),
  };
}

/** A log that keeps nothing, for tests and tools. */
export const silentLogger: Logger = createLogger('error', {}, () => {});

function flatten(fields: LogFields | undefined): LogFields | undefined {
  if (fields?.error === undefined) return fields;
  const { error, ...rest } = fields;
  if (!(error instanceof Error)) return { ...rest, error: typeof error === 'string' ? error : JSON.stringify(error) };
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  return { ...rest, error: error.message, ...(cause === undefined ? {} : { cause }), stack: error.stack };
}
