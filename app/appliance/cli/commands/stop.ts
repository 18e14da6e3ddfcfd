/** `mallard stop`: asks the appliance to stop and waits until its process is gone. */
import { setTimeout as pause } from 'node:timers/promises';
import { routes } from '../../control/contract.ts';
import type { CliContext } from '../context.ts';
import { ControlClient, isAlive } from '../control-client.ts';
import { CliFault } from '../fault.ts';
import { printJson, printLine, tell } from '../output.ts';

/** mongod alone may take a minute to write its cache. */
const waitMs = 150_000;
const tellAfterMs = 5000;

export async function stop({ paths, json }: CliContext): Promise<void> {
  const client = ControlClient.open(paths);
  await client.call(routes.shutdown);
  const begun = Date.now();
  let told = false;
  while (isAlive(paths)) {
    const waited = Date.now() - begun;
    if (waited > waitMs)
      throw new CliFault(
        1,
        `The appliance (process ${client.pid}) is still stopping after ${waitMs / 1000} seconds.`,
        'StillStopping',
      );
    if (waited > tellAfterMs && !told) {
      told = true;
      tell('Waiting for the databases to write what they hold…');
    }
    await pause(50);
  }
  if (json) printJson({ state: 'stopped' });
  else printLine('Mallard has stopped.');
}
