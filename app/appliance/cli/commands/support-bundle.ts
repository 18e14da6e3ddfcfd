/** `mallard support-bundle`: from a running appliance or, when none runs, from what is stored. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LogStore } from '../../logs/store.ts';
import { makeSupportBundle } from '../../support/bundle.ts';
import { Settings } from '../../settings/store.ts';
import type { CliContext } from '../context.ts';
import { ControlClient, notRunning } from '../control-client.ts';
import { checkData } from '../doctor/data.ts';
import { checkMachine } from '../doctor/machine.ts';
import { CliFault } from '../fault.ts';
import { printJson, printLine } from '../output.ts';
import type { SupportBundleFlags } from '../program.ts';

export async function supportBundle({ paths, json }: CliContext, flags: SupportBundleFlags): Promise<void> {
  const file = path.resolve(flags.output ?? 'mallard-support.zip');
  if (existsSync(file)) throw new CliFault(1, `${file} exists already. Name another file: --output FILE`);
  const client = ControlClient.tryOpen(paths);
  writeFileSync(file, client === undefined ? await fromStored(paths) : await client.download('/control/support-bundle'), {
    mode: 0o600,
  });
  if (json) printJson({ file });
  else printLine(`Written: ${file}\nNames, addresses and secrets are taken out; look through it before you send it.`);
}

async function fromStored(paths: CliContext['paths']): Promise<Buffer> {
  if (!existsSync(paths.settings) || !existsSync(paths.logs)) throw notRunning(paths);
  const settings = new Settings({ file: paths.settings });
  const logs = new LogStore({
    file: paths.logs,
    limits: { maxBytes: Number.MAX_SAFE_INTEGER, maxAgeMs: Number.MAX_SAFE_INTEGER },
  });
  try {
    const findings = [...checkMachine(paths, settings.get('mongo.uri') !== ''), ...checkData(paths, settings)];
    return await makeSupportBundle({ settings, logs, findings });
  } finally {
    logs.close();
    settings.close();
  }
}
