/** `mallard doctor`: looks at everything that can be in the way, and says what to do. Exit code 1 when something is. */
import { existsSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { routes } from '../../control/contract.ts';
import type { DataPaths } from '../../paths.ts';
import { sealerOf } from '../../sealing-keys.ts';
import { Settings } from '../../settings/store.ts';
import { version } from '../../version.ts';
import type { CliContext } from '../context.ts';
import { ControlClient } from '../control-client.ts';
import { fail, type Finding } from '../doctor/check.ts';
import { checkData } from '../doctor/data.ts';
import { checkMachine } from '../doctor/machine.ts';
import { checkPorts, checkPrograms, checkRunning } from '../doctor/services.ts';
import { printJson, printLine } from '../output.ts';

export async function doctor(context: CliContext): Promise<number> {
  const findings = await examine(context);
  const worst = findings.some((each) => each.state === 'fail')
    ? 'fail'
    : findings.some((each) => each.state === 'warn')
      ? 'warn'
      : 'ok';
  if (context.json) printJson({ state: worst, version, dataDir: context.paths.root, checks: findings });
  else print(findings);
  return worst === 'fail' ? 1 : 0;
}

async function examine({ paths }: CliContext): Promise<Finding[]> {
  return withSettings(paths, async (settings, stored) => {
    const findings = [
      ...checkMachine(paths, settings.get('mongo.uri') !== ''),
      ...checkData(paths, stored ? settings : undefined),
    ];
    const client = ControlClient.tryOpen(paths);
    if (client === undefined) return [...findings, ...(await checkPrograms(settings)), ...(await checkPorts(settings))];
    try {
      return [...findings, ...checkRunning(await client.call(routes.status))];
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return [...findings, fail('appliance', message, `Stop process ${client.pid} and start again.`)];
    }
  });
}

/** The stored settings, or the defaults where nothing is stored: a check must not make a data directory. */
async function withSettings<T>(paths: DataPaths, use: (settings: Settings, stored: boolean) => Promise<T>): Promise<T> {
  const stored = existsSync(paths.settings);
  const folder = stored ? undefined : mkdtempSync(path.join(tmpdir(), 'mallard-doctor-'));
  const settings = new Settings({
    file: folder === undefined ? paths.settings : path.join(folder, 'settings.sqlite'),
    sealer: sealerOf(paths.secrets),
  });
  try {
    return await use(settings, stored);
  } finally {
    settings.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function print(findings: readonly Finding[]): void {
  const marks = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' };
  const width = Math.max(...findings.map((each) => each.name.length));
  for (const { name, state, message, remedy } of findings) {
    printLine(`${marks[state]}  ${name.padEnd(width)}  ${message}`);
    if (remedy !== undefined) printLine(`      ${' '.repeat(width)}  → ${remedy}`);
  }
  const counts = {
    fail: findings.filter((each) => each.state === 'fail').length,
    warn: findings.filter((each) => each.state === 'warn').length,
  };
  printLine(`\n${findings.length} checks: ${counts.fail} failed, ${counts.warn} with a warning.`);
}
