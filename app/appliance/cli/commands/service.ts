/** `mallard service install|remove|status`: Mallard as a service of the operating system. */
import { dataPaths, projectRoot } from '../../paths.ts';
import { localServiceHost } from '../../service/host.ts';
import { installService, removeService, serviceStatus } from '../../service/service.ts';
import { type CommonOptions, contextOf } from '../context.ts';
import { isAlive } from '../control-client.ts';
import { printJson, printLine } from '../output.ts';

export interface ServiceFlags extends CommonOptions {
  readonly account?: string;
}

export async function serviceInstall(flags: ServiceFlags): Promise<void> {
  const { json, paths } = contextOf(flags);
  const named = flags.data !== undefined || (process.env['MALLARD_DATA'] ?? '') !== '';
  const { file, spec } = await installService(localServiceHost(), {
    ...(named ? { dataDir: paths.root } : {}),
    ...(flags.account === undefined ? {} : { account: flags.account }),
    node: process.execPath,
    programRoot: projectRoot,
    isRunning: (dataDir) => isAlive(dataPaths(dataDir)),
  });
  if (json) return printJson({ installed: true, file, account: spec.account, dataDir: spec.dataDir });
  printLine(`Mallard is a service now: it starts with the computer, as ${spec.account}. Data: ${spec.dataDir}`);
  printLine(`Described by ${file}. "mallard service remove" undoes it; the data stays.`);
}

export async function serviceRemove(flags: CommonOptions): Promise<void> {
  const removed = await removeService(localServiceHost());
  if (flags.json === true) return printJson({ installed: false, removed });
  printLine(removed ? 'The service is removed. Its data is where it was.' : 'Mallard is not installed as a service.');
}

/** @returns 0 when it is installed and runs, else 1 */
export async function serviceState(flags: CommonOptions): Promise<number> {
  const status = await serviceStatus(localServiceHost());
  if (flags.json === true) printJson(status);
  else if (!status.installed) printLine('Mallard is not installed as a service. Install it with: mallard service install');
  else
    printLine(
      `The service is ${status.running ? 'running' : 'not running'} (${status.detail.split('\n')[0] ?? ''}). ${status.file}`,
    );
  return status.running ? 0 : 1;
}
