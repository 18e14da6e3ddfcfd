/** `mallard relay …`: outgoing mail by a well-known provider. */
import { RELAY_PRESETS } from '../../../../server/config/relay-presets.ts';
import type { CliContext } from '../context.ts';
import { usage } from '../fault.ts';
import { printJson, printLine, printTable } from '../output.ts';
import { type PasswordFlags, readPassword } from '../password.ts';
import { writeSettings } from './config.ts';

export function listRelays({ json }: CliContext): void {
  if (json) return printJson(RELAY_PRESETS);
  printTable(
    ['RELAY', 'PROVIDER', 'SERVER', 'NAME AND PASSWORD'],
    RELAY_PRESETS.map(({ id, name, host, port, hint }) => [id, name, `${host}:${port}`, hint]),
  );
}

/** All mail goes by it from now on. */
export async function useRelay(context: CliContext, id: string, username: string, flags: PasswordFlags): Promise<void> {
  const preset = RELAY_PRESETS.find((one) => one.id === id.toLowerCase());
  if (preset === undefined) throw usage(`There is no relay ${id}.\nAllowed: ${RELAY_PRESETS.map((one) => one.id).join(', ')}`);
  const changed = await writeSettings(context, {
    'outbound.relay.host': preset.host,
    'outbound.relay.port': preset.port,
    'outbound.relay.tls': preset.tls,
    'outbound.relay.username': username,
    'outbound.relay.password': await readPassword(flags),
    'outbound.mode': 'relay',
  });
  if (context.json) printJson(changed);
  else printLine(`Outgoing mail goes by ${preset.name} (${preset.host}:${preset.port}).`);
}
