/**
 * A worker: the mail server, by the same Node that runs the appliance. Its whole configuration goes to its stdin as one line of JSON; stdin then
 * stays open as a life line (its end means that we are gone) and takes commands. It reports `ready` or `failed` on descriptor 3.
 */
import path from 'node:path';
import type { WorkerContext } from '../contract.ts';
import { explainDiskFull, type Explanation, type ProcessEnd, type ProcessLaunch } from '../definition.ts';
import { describeHolder, findPortHolder } from '../port-holder.ts';

export const defaultWorkerScript: string = path.resolve(import.meta.dirname, '../../../../server/main.ts');

/** sysexits' EX_CONFIG: the worker says that starting again will not help. */
const EXIT_CONFIG = 78;

export type WorkerSetup = {
  readonly script: string;
  readonly context: () => WorkerContext;
  readonly config: (context: WorkerContext) => unknown;
};

export function prepareWorker(setup: WorkerSetup): ProcessLaunch {
  return {
    external: false,
    program: process.execPath,
    args: [setup.script, '--config', '-'],
    env: workerEnvironment(process.env),
    input: `${JSON.stringify(setup.config(setup.context()))}\n`,
    lifeLine: true,
    reports: true,
    explain: explainWorker,
  };
}

/** What belongs to this process alone would mislead a child: a debugger's port, a test runner's context, an IPC channel. */
function workerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _test, NODE_CHANNEL_FD: _channel, NODE_OPTIONS: _options, ...rest } = env;
  return rest;
}

async function explainWorker(end: ProcessEnd): Promise<Explanation | undefined> {
  const { report } = end;
  if (report?.reason === 'listen' && report.port !== undefined) {
    const holder = report.code === 'EADDRINUSE' ? await findPortHolder(report.port) : undefined;
    const who =
      holder === undefined
        ? (report.message ?? `port ${report.port} cannot be opened (${report.code ?? 'unknown'})`)
        : describeHolder(holder);
    return {
      kind: 'port-in-use',
      message: `${report.service ?? 'A service'} cannot listen: ${who}.`,
      remedy:
        report.code === 'EACCES'
          ? 'Ports below 1024 need a permission on this system: choose a higher port, or grant it.'
          : 'Stop that program, or choose another port in the settings.',
      // The predecessor may still be closing its connections.
      final: false,
    };
  }
  if (report?.reason === 'config' || end.code === EXIT_CONFIG) {
    const problems = report?.problems ?? [];
    return {
      kind: 'config',
      message: `The worker does not accept its settings${problems.length === 0 ? '' : `: ${problems.slice(0, 5).join('; ')}`}.`,
      remedy: 'Correct the setting and start it again.',
      final: true,
    };
  }
  const diskFull = explainDiskFull(end.lastLines);
  if (diskFull !== undefined) return diskFull;
  if (report?.message === undefined) return undefined;
  return { kind: 'exited', message: `The worker could not start: ${report.message}`, final: false };
}
