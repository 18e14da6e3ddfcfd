/** `mallard gui`: a fresh sign-in link for the GUI. */
import { routes } from '../../control/contract.ts';
import type { CliContext } from '../context.ts';
import { ControlClient } from '../control-client.ts';
import { printJson, printLine } from '../output.ts';

export async function gui({ paths, json }: CliContext): Promise<void> {
  const { url } = await ControlClient.open(paths).call(routes.signInLink);
  if (json) printJson({ url });
  else printLine(url);
}
