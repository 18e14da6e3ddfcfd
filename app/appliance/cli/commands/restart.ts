/** `mallard restart SERVICE`: resolves when the service is ready again. */
import { routes } from '../../control/contract.ts';
import type { CliContext } from '../context.ts';
import { ControlClient } from '../control-client.ts';
import { printJson, printLine } from '../output.ts';

export async function restart({ paths, json }: CliContext, service: string): Promise<void> {
  await ControlClient.open(paths).call(routes.restartService, { name: service });
  if (json) printJson({ service, state: 'ready' });
  else printLine(`${service} has restarted.`);
}
