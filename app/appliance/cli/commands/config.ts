/** `mallard config …`: through the running appliance, so that a change holds at once; into the store when none runs. */
import { existsSync } from 'node:fs';
import { routes, type SettingEntry, type SettingsChanged } from '../../control/contract.ts';
import { settingEntry, strongestNeed } from '../../control/handlers.ts';
import { makeDataDirs } from '../../paths.ts';
import { expectName, expectText, shownValue } from '../../settings/judge.ts';
import { isSettingName, type SettingName, settingNames, settingOf } from '../../settings/registry.ts';
import { openSettings } from '../../settings/open.ts';
import type { CliContext } from '../context.ts';
import { ControlClient } from '../control-client.ts';
import { usage } from '../fault.ts';
import { printJson, printLine, printTable } from '../output.ts';

export async function listConfig(context: CliContext, changedOnly: boolean): Promise<void> {
  const all = await readAll(context);
  const shown = changedOnly ? all.filter((each) => each.origin !== 'default') : all;
  if (context.json) printJson({ settings: shown });
  else
    printTable(
      ['SETTING', 'VALUE', 'FROM', 'WHAT IT DOES'],
      shown.map((each) => [each.name, textOf(each), each.origin, each.help]),
    );
}

export async function getConfig(context: CliContext, name: string): Promise<void> {
  const known = expectName(name);
  const entry = (await readAll(context)).find((each) => each.name === known);
  if (entry === undefined)
    throw new Error(`the appliance does not know the setting ${known}: it is of another release; restart it`);
  if (context.json) printJson(entry);
  else printLine(textOf(entry));
}

/** `NAME VALUE`, `NAME=VALUE` or `NAME --default`. */
export async function setConfig(
  context: CliContext,
  given: string,
  value: string | undefined,
  toDefault: boolean,
): Promise<void> {
  const at = value === undefined ? given.indexOf('=') : -1;
  const name = expectName(at > 0 ? given.slice(0, at) : given);
  const text = at > 0 ? given.slice(at + 1) : value;
  if (toDefault === (text !== undefined)) {
    throw usage(`A value or --default is needed for ${name}, not both.\nAllowed: ${settingOf(name).allowed}`);
  }
  const typed = text === undefined ? null : expectText(name, text);
  const changed = await write(context, name, typed);
  if (context.json) printJson({ name, value: shownValue(name, typed ?? settingOf(name).default), ...changed });
  else printLine(`${name} = ${describe(name, typed)}${consequence(changed)}`);
}

async function readAll({ paths }: CliContext): Promise<SettingEntry[]> {
  const client = ControlClient.tryOpen(paths);
  if (client !== undefined) return (await client.call(routes.settings)).settings;
  // Asking must not make a data directory.
  if (!existsSync(paths.settings))
    return settingNames.map((name) => settingEntry({ name, value: settingOf(name).default, origin: 'default' }));
  const settings = openSettings(paths);
  try {
    return settings.list().map(settingEntry);
  } finally {
    settings.close();
  }
}

async function write(context: CliContext, name: SettingName, value: unknown): Promise<SettingsChanged> {
  return writeSettings(context, { [name]: value });
}

/** All of them at once; by the appliance when it runs. */
export async function writeSettings(
  { paths }: CliContext,
  values: Readonly<Partial<Record<SettingName, unknown>>>,
): Promise<SettingsChanged> {
  const client = ControlClient.tryOpen(paths);
  if (client !== undefined) return client.call(routes.changeSettings, { body: { values } });
  makeDataDirs(paths);
  const settings = openSettings(paths);
  try {
    const changed = settings.set(
      new Map(Object.entries(values).map(([name, value]) => [name as SettingName, value ?? undefined])),
      'cli',
    );
    return { changed, restart: strongestNeed(changed) === 'none' ? 'none' : 'appliance', overridden: [] };
  } finally {
    settings.close();
  }
}

function textOf(entry: SettingEntry): string {
  if (!isSettingName(entry.name)) return JSON.stringify(entry.value);
  const text = entry.secret ? String(entry.value) : settingOf(entry.name).toText(entry.value);
  return entry.unit === undefined || entry.kind === 'bytes' ? text : `${text} ${entry.unit}`;
}

function describe(name: SettingName, value: unknown): string {
  const setting = settingOf(name);
  if (value === null) return `${setting.toText(setting.default)} (the default)`;
  const shown = shownValue(name, value);
  return setting.secret === true ? String(shown) : setting.toText(shown);
}

function consequence({ changed, restart, overridden }: SettingsChanged): string {
  if (overridden.length > 0) return '\nStored, but this run was started with --set for it: it holds after the next start.';
  if (changed.length === 0) return ' (as before)';
  const words = {
    none: '',
    worker: '\nThe workers restart now.',
    databases: '\nIt holds after: mallard restart mongod, mallard restart valkey',
    appliance: '\nIt holds from the next start.',
  };
  return words[restart];
}
