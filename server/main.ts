/**
 * The mail server worker as a process.
 *
 *   node server/main.ts --config mallard.toml    settings from a TOML or JSON file
 *   node server/main.ts --config -               settings from one line of JSON on stdin; when stdin ends, the parent is gone and the worker stops
 *
 * Logs are JSON lines on stdout. When everything listens, `{"type":"ready","endpoints":{…}}` goes to file descriptor 3 if the parent opened it as a pipe, else
 * into the log; there follows every ten seconds what the worker counts (`{"type":"numbers",…}`). A start that can't succeed by trying again (a setting, a port) is told the same way as `{"type":"failed",…}` and ends with code 78.
 * SIGTERM and SIGINT drain; SIGHUP reads the certificate files again. With `--config -`, further lines are commands: `{"type":"certificate","cert","key","ca"}`.
 */
import { fstatSync, watchFile, writeSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { z } from 'zod';
import { settleAfterStart } from './base/after-start.ts';
import { tuneCollector } from './base/collector.ts';
import { createLogger, type Logger } from './base/log.ts';
import { ListenFault } from './base/listener.ts';
import { certificateFiles, ConfigFault, loadConfigFile, parseConfigJson, withEnvironment } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { assemble } from './main-services.ts';
import { StartAborted, startWorker, type Worker } from './main-worker.ts';
import { openStore } from './main-store.ts';

const EXIT_USAGE = 64;
const EXIT_SOFTWARE = 70;
const EXIT_CONFIG = 78;
const CERTIFICATE_POLL_MS = 60_000;
const NUMBERS_EVERY_MS = 10_000;

const commandSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('certificate'), cert: z.string(), key: z.string(), ca: z.string().optional() }),
  z.object({ type: z.literal('stop') }),
]);

async function main(args: readonly string[]): Promise<number> {
  tuneCollector();
  const [option, source] = args;
  if (option !== '--config' || source === undefined || args.length > 2) {
    process.stderr.write('usage: node server/main.ts --config FILE | -\n');
    return EXIT_USAGE;
  }
  const lines = source === '-' ? createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }) : undefined;
  let config: Config;
  try {
    config = withEnvironment(lines === undefined ? loadConfigFile(source) : parseConfigJson(await firstLine(lines)), process.env);
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    const log = createLogger('info');
    for (const problem of error.problems) log.error('configuration', { problem });
    report({ type: 'failed', reason: 'config', problems: error.problems }, log);
    return EXIT_CONFIG;
  }
  return run(config, lines, createLogger(config.log.level, { pid: process.pid }));
}

async function run(config: Config, lines: Interface | undefined, log: Logger): Promise<number> {
  const stopping = new AbortController();
  const stop = (reason: string): void => {
    if (stopping.signal.aborted) return;
    log.info('stopping', { reason });
    stopping.abort();
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  lines?.once('close', () => stop('the parent process is gone'));
  // The parent's pipe may be gone before we are: losing log lines is better than losing mail.
  process.stdout.on('error', () => {});
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }));
  process.on('uncaughtException', (error) => {
    log.error('uncaught exception', { error });
    process.exitCode = EXIT_SOFTWARE;
    stop('uncaught exception');
  });

  let worker: Worker;
  try {
    worker = await startWorker(config, { createOperations: openStore, assemble }, log, stopping.signal);
  } catch (error) {
    return startFailed(error, log);
  }
  report({ type: 'ready', endpoints: worker.endpoints }, log);
  watchCertificates(config, worker, log);
  lines?.on('line', (line) => obey(line, worker, stop, log));
  if (isPipe(3)) {
    const tell = (): void => report({ type: 'numbers', ...worker.numbers() }, log);
    tell();
    setInterval(tell, NUMBERS_EVERY_MS).unref();
  }
  await settleAfterStart();

  if (!stopping.signal.aborted) await new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  await worker.stop();
  log.info('stopped');
  return typeof process.exitCode === 'number' ? process.exitCode : 0;
}

function startFailed(error: unknown, log: Logger): number {
  if (error instanceof StartAborted) {
    log.info('stopped', { reason: error.message });
    return 0;
  }
  if (error instanceof ListenFault) {
    const { service, host, port, code } = error;
    log.error(error.message, { service, host, port, code });
    report({ type: 'failed', reason: 'listen', service, host, port, code, message: error.message }, log);
    return EXIT_CONFIG;
  }
  if (error instanceof ConfigFault) {
    report({ type: 'failed', reason: 'config', problems: error.problems }, log);
    for (const problem of error.problems) log.error('configuration', { problem });
    return EXIT_CONFIG;
  }
  log.error('the worker could not start', { error });
  report({ type: 'failed', reason: 'error', message: error instanceof Error ? error.message : 'unknown' }, log);
  return EXIT_SOFTWARE;
}

function obey(line: string, worker: Worker, stop: (reason: string) => void, log: Logger): void {
  if (line.trim() === '') return;
  try {
    const command = commandSchema.parse(JSON.parse(line));
    if (command.type === 'certificate') worker.setCertificate(command);
    else stop('asked by the parent');
  } catch (error) {
    // The line may hold a key: only its fault is told.
    const unreadable = error instanceof z.ZodError || error instanceof SyntaxError;
    log.error('a command could not be obeyed', { reason: unreadable ? 'it is no known command' : messageOf(error) });
  }
}

function watchCertificates(config: Config, worker: Worker, log: Logger): void {
  const reload = (): void => {
    try {
      worker.reloadCertificate();
    } catch (error) {
      log.error('the certificate could not be read; the former one stays', { reason: messageOf(error) });
    }
  };
  for (const file of certificateFiles(config)) watchFile(file, { interval: CERTIFICATE_POLL_MS, persistent: false }, reload);
  if (process.platform !== 'win32') process.on('SIGHUP', reload);
}

function firstLine(lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      lines.off('close', ended);
      resolve(line);
    });
    lines.once('close', ended);
    function ended(): void {
      reject(new ConfigFault(['stdin ended before the configuration came']));
    }
  });
}

/** To the parent when it opened descriptor 3 for us, else into the log. */
function report(message: { readonly type: string; readonly [field: string]: unknown }, log: Logger): void {
  if (isPipe(3)) writeSync(3, `${JSON.stringify(message)}\n`);
  else log.info(message.type, message);
}

/** Without one from the parent, Node itself uses the number for something else. */
function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exit(await main(process.argv.slice(2)));
