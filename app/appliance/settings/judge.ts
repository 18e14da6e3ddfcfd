/**
 * Judges names and values of settings and says, in words, what would be allowed. Every way in (command line, `--set`, control API, the store
 * itself) goes through here.
 */
import { isSettingName, listenerNames, type SettingName, settingNames, settingOf } from './registry.ts';

export type SettingsFaultKind = 'unknown' | 'invalid' | 'conflict';

/** A setting that was refused. The message names the setting and what is allowed. */
export class SettingsFault extends Error {
  readonly kind: SettingsFaultKind;
  readonly setting: string;
  /** What may be written instead: a sentence for a value, the names for an unknown setting. */
  readonly allowed: string;

  constructor(kind: SettingsFaultKind, setting: string, message: string, allowed: string) {
    super(message);
    this.name = 'SettingsFault';
    this.kind = kind;
    this.setting = setting;
    this.allowed = allowed;
  }
}

/** @throws SettingsFault of kind `unknown`, naming the settings that exist and the one that was perhaps meant */
export function expectName(name: string): SettingName {
  if (isSettingName(name)) return name;
  const near = nearest(name);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  const allowed = settingNames.join(', ');
  throw new SettingsFault('unknown', name, `There is no setting ${JSON.stringify(name)}.${hint}\nAllowed: ${allowed}`, allowed);
}

/** The checked value. @throws SettingsFault of kind `invalid` */
export function expectValue(name: SettingName, value: unknown): unknown {
  const setting = settingOf(name);
  const result = setting.schema.safeParse(value);
  if (result.success) return result.data;
  const shown = holdsSecrets(name) ? 'the given value' : (JSON.stringify(value) ?? 'nothing');
  throw new SettingsFault('invalid', name, `${name} cannot be ${shown}.\nAllowed: ${setting.allowed}`, setting.allowed);
}

/** Whether the value, or a part of it, is for nobody's eyes: it is stored sealed and shown by `shownValue`. */
export function holdsSecrets(name: SettingName): boolean {
  const setting = settingOf(name);
  return setting.secret === true || setting.veil !== undefined;
}

/** The value as people and records may see it. */
export function shownValue(name: SettingName, value: unknown): unknown {
  const setting = settingOf(name);
  if (setting.secret === true) return value === '' ? '' : '***';
  return setting.veil === undefined ? value : setting.veil.hide(value);
}

/** The checked value of a text from a command line. @throws SettingsFault of kind `invalid` */
export function expectText(name: SettingName, given: string): unknown {
  return expectValue(name, settingOf(name).fromText(given));
}

/** Takes `name=value` apart. @throws SettingsFault */
export function expectAssignment(assignment: string): readonly [SettingName, unknown] {
  const at = assignment.indexOf('=');
  if (at <= 0) {
    throw new SettingsFault(
      'invalid',
      assignment,
      `${JSON.stringify(assignment)} sets nothing.\nAllowed: NAME=VALUE, as in imap.port=10143`,
      'NAME=VALUE',
    );
  }
  const name = expectName(assignment.slice(0, at));
  return [name, expectText(name, assignment.slice(at + 1))];
}

/** What must hold between settings: no two listeners on one fixed port. @throws SettingsFault of kind `conflict` */
export function checkTogether(get: (name: SettingName) => unknown, changed: readonly SettingName[]): void {
  const owners = new Map<unknown, string>();
  const all = [...listenerNames.filter((name) => get(`${name}.enabled`) === true), 'gui' as const];
  for (const listener of all) {
    const chosen = get(`${listener}.port`);
    if (chosen === 0) continue;
    const other = owners.get(chosen);
    owners.set(chosen, listener);
    if (other === undefined) continue;
    const culprit = changed.find((name) => name.startsWith(`${listener}.`) || name.startsWith(`${other}.`)) ?? `${listener}.port`;
    const allowed = 'a port that no other service has, or 0 for any free port';
    throw new SettingsFault(
      'conflict',
      culprit,
      `${other} and ${listener} cannot both have port ${String(chosen)}.\nAllowed: ${allowed}`,
      allowed,
    );
  }
}

/** The setting whose name is at most three edits away. */
function nearest(name: string): SettingName | undefined {
  let best: SettingName | undefined;
  let bestDistance = 4;
  for (const candidate of settingNames) {
    const distance = editDistance(name.toLowerCase().slice(0, 64), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** Checked changes from a JSON object; null means "back to the default". @throws SettingsFault */
export function checkedChanges(values: Readonly<Record<string, unknown>>): Map<SettingName, unknown> {
  const changes = new Map<SettingName, unknown>();
  for (const [given, value] of Object.entries(values)) {
    const name = expectName(given);
    changes.set(name, value === null ? undefined : expectValue(name, value));
  }
  return changes;
}
