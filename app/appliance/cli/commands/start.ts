/**
 * `mallard start`: the appliance in the foreground. Progress while it starts, then the addresses; Ctrl-C or SIGTERM stops it in order, a second
 * Ctrl-C ends the workers at once.
 */
import { settleAfterStart } from '../../../../server/base/after-start.ts';
import { Appliance } from '../../appliance.ts';
import { lanAddresses } from '../../certificates/names.ts';
import type { ControlEvent, Status } from '../../control/contract.ts';
import { ensureGui } from '../../gui-build.ts';
import { PortFault } from '../../ports.ts';
import { NewerDataError, refuseNewerData, writeRelease } from '../../release.ts';
import { expectAssignment, expectText } from '../../settings/judge.ts';
import type { SettingName } from '../../settings/registry.ts';
import { DataDirectoryInUseError } from '../../supervisor/data-lock.ts';
import { SupervisorError } from '../../supervisor/supervisor.ts';
import type { CliContext } from '../context.ts';
import { CliFault } from '../fault.ts';
import { openBrowser } from '../open-browser.ts';
import { printJson, printLine, tell } from '../output.ts';
import type { StartFlags } from '../program.ts';
import { ProgressLines } from '../progress.ts';
import { printEndpoints } from './status.ts';

/** Wrappers such as npm pass a Ctrl-C on that the terminal has sent already: within this time it is the same one. */
const sameSignalMs = 1000;

export async function start({ paths, json }: CliContext, flags: StartFlags): Promise<number> {
  const begun = performance.now();
  const overrides = new Map<SettingName, unknown>(flags.set.map(expectAssignment));
  if (flags.workers !== undefined) overrides.set('workers', expectText('workers', flags.workers));
  const guiProblem = await ensureGui(tell);
  if (guiProblem !== undefined) tell(`The GUI could not be built; a simple page stands in for it. ${guiProblem}`);
  const appliance = take(paths.root, overrides);
  // A closed terminal or a reader that left must not end the mail server in the middle of its work.
  process.stdout.removeAllListeners('error').on('error', () => {});
  process.stderr.on('error', () => {});
  const onSignals = stopOnSignals(appliance);
  if (flags.lifeLine === true) stopAtEndOfInput(appliance);
  const progress = new ProgressLines();
  const unsubscribe = appliance.subscribe((event) => show(event, progress));
  try {
    await appliance.start();
  } catch (error) {
    progress.end();
    if (onSignals.asked() || isStopping(appliance)) {
      await appliance.stopped;
      if (!json) printLine('Mallard has stopped.');
      return 0;
    }
    tell(reasonOf(error));
    await appliance.stop();
    throw new CliFault(1, `Mallard could not start. Data: ${paths.root}`, 'StartFailed');
  } finally {
    unsubscribe();
  }
  progress.end();
  writeRelease(paths.root);
  const url = appliance.signInUrl();
  const status = appliance.status();
  if (json) printJson(status);
  else printReady(status, url, Math.round(performance.now() - begun));
  if (flags.open && !json) openBrowser(url);
  await settleAfterStart();
  await appliance.stopped;
  if (!json) printLine('Mallard has stopped.');
  return 0;
}

function take(dataDir: string, overrides: Map<SettingName, unknown>): Appliance {
  try {
    refuseNewerData(dataDir);
    return new Appliance({ dataDir, overrides });
  } catch (error) {
    if (error instanceof NewerDataError) throw new CliFault(1, error.message, 'NewerData');
    if (error instanceof DataDirectoryInUseError)
      throw new CliFault(1, `${error.message}\nSee: mallard status, mallard stop`, 'AlreadyRunning');
    throw error;
  }
}

function isStopping(appliance: Appliance): boolean {
  return appliance.status().state === 'stopping';
}

function stopOnSignals(appliance: Appliance): { asked: () => boolean } {
  let askedAt: number | undefined;
  const stop = (): void => {
    const now = performance.now();
    if (askedAt === undefined) {
      askedAt = now;
      tell('\nStopping. Once more Ctrl-C does not wait for clients.');
      void appliance.stop();
    } else if (now - askedAt > sameSignalMs) {
      appliance.hurry();
    }
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  stopWithNpm(stop);
  // Nothing to read again (settings hold at once), and a closed terminal is no reason to stop the mail.
  process.on('SIGHUP', () => appliance.log.info('SIGHUP: nothing to do'));
  return { asked: () => askedAt !== undefined };
}

/** Whoever started us holds the other end of standard input: its end, however it came about, is our stop. */
function stopAtEndOfInput(appliance: Appliance): void {
  const stop = (): void => void appliance.stop();
  process.stdin.on('end', stop).on('close', stop).on('error', stop).resume();
  // It is listened to while something else runs; it must not keep a stopped appliance alive.
  process.stdin.unref();
}

/**
 * `npm start` puts a shell between itself and us, which keeps a SIGTERM meant for all of them to itself and dies. Without its npm nobody would
 * know that we still run.
 */
function stopWithNpm(stop: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 500);
  timer.unref();
}

function show(event: ControlEvent, progress: ProgressLines): void {
  if (event.type === 'notice')
    progress.line(`${event.notice.level === 'info' ? '' : `${event.notice.level}: `}${event.notice.message}`);
  if (event.type !== 'status') return;
  for (const service of event.status.services) {
    if (service.state === 'starting') progress.update(service.name, service.progress ?? 'starting');
    else if (service.state === 'backoff')
      progress.update(service.name, `${service.failure?.message ?? 'it ended'} Trying again.`);
    else progress.update(service.name, undefined);
  }
}

function printReady(status: Status, url: string, ms: number): void {
  printLine(`Mallard ${status.version} is running (${(ms / 1000).toFixed(1)} s). Data: ${status.dataDir}\n`);
  printEndpoints(status.endpoints);
  const addresses = lanAddresses();
  if (addresses.length > 0) printLine(`\nOther computers reach it at ${addresses.join(', ')}.`);
  printLine(`\nGUI (this link signs in once): ${url}`);
  printLine('Add a user:  mallard user add anna@example.test --quota 2GB');
  printLine('Ctrl-C stops it.');
}

function reasonOf(error: unknown): string {
  if (error instanceof PortFault) return error.message;
  if (!(error instanceof SupervisorError)) return error instanceof Error ? error.message : String(error);
  const { failure } = error;
  const lines = (failure?.lastLines ?? []).slice(-8).map((line) => `  | ${line.slice(0, 300)}`);
  return [error.message, failure?.remedy ?? '', ...lines].filter((line) => line !== '').join('\n');
}
