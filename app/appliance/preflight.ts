/** The checks of `mallard doctor` from inside of a running appliance. Its modules are loaded only when somebody asks. */
import type { Finding, Status } from './control/contract.ts';
import type { DataPaths } from './paths.ts';
import type { Settings } from './settings/store.ts';

export async function examineRunning(
  paths: DataPaths,
  settings: Settings,
  status: Status,
  network: boolean,
): Promise<readonly Finding[]> {
  const [{ checkMachine }, { checkData }, { checkRunning }] = await Promise.all([
    import('./cli/doctor/machine.ts'),
    import('./cli/doctor/data.ts'),
    import('./cli/doctor/services.ts'),
  ]);
  const outside = network ? await (await import('./cli/doctor/network.ts')).checkNetwork() : [];
  return [
    ...checkMachine(paths, settings.get('mongo.uri') !== ''),
    ...checkData(paths, settings),
    ...checkRunning(status),
    ...outside,
  ];
}
