/**
 * Settings that an administrator changes while the server runs: the defaults of users' limits. A change made by any worker is seen by the others within seconds;
 * what reads a default reads it here at that moment.
 */
import type { Logger } from '../base/log.ts';
import type { Records } from '../store/records.ts';
import type { SettingFields } from '../store/types-admin.ts';
import type { AccountDefaults } from './accounts-context.ts';
import { InvalidInput, Refusal } from './refusal.ts';

export type SettingType = 'size' | 'number' | 'duration' | 'string';

export type SettingView = {
  readonly key: string;
  readonly value: string | number;
  readonly name: string;
  readonly description: string;
  readonly default: string | number;
  readonly type: SettingType;
  /** An administrator has set it. */
  readonly custom: boolean;
};

export type Settings = {
  readonly list: (filter: string | undefined) => SettingView[];
  /** Refusal SettingNotFound. */
  readonly get: (key: string) => SettingView;
  /** Refusals: SettingNotFound, InputValidationError. */
  readonly set: (key: string, value: unknown) => Promise<void>;
  /** Reads what other workers set. */
  readonly refresh: () => Promise<void>;
  readonly close: () => void;
};

type Definition = {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly type: SettingType;
  readonly default: string | number;
  /** Of a text. */
  readonly check?: (value: string) => boolean;
  /** Of a number, a size or a duration. */
  readonly least?: number;
  /** The account default that it is. */
  readonly applies?: keyof AccountDefaults;
};

const DAY = 24 * 60 * 60_000;
const HOUR = 60 * 60_000;

function definitions(defaults: AccountDefaults): readonly Definition[] {
  const of = (key: string, type: SettingType, applies: keyof AccountDefaults, name: string, description: string): Definition => ({
    key,
    name,
    description,
    type,
    applies,
    default: defaults[applies],
  });
  return [
    {
      key: 'const:archive:time',
      type: 'duration',
      default: 25 * DAY,
      name: 'Archive time',
      description: 'How long deleted messages can be restored',
    },
    of('const:max:storage', 'size', 'quotaBytes', 'Storage quota', 'Storage of a user without an own quota; 0 = unlimited'),
    of('const:max:recipients', 'number', 'recipients', 'Recipients', 'Recipients a day to whom a user may send'),
    of(
      'const:max:received',
      'number',
      'receivedMax',
      'Received messages',
      'Messages an hour that a user takes from other servers',
    ),
    of('const:max:forwards', 'number', 'forwards', 'Forwards', 'Messages a day that are forwarded for a user'),
    of('const:max:mailboxes', 'number', 'mailboxes', 'Mailboxes', 'Mailboxes of a user'),
    {
      key: 'const:max:rcpt_to',
      type: 'number',
      default: 1_000,
      name: 'Recipients of a message',
      description: 'Recipients of one message',
    },
    of('const:authlog:time', 'duration', 'authLogMs', 'Authentication log', 'How long sign-ins are logged'),
    {
      key: 'const:adminlog:time',
      type: 'duration',
      default: 2 * 365 * DAY,
      // Nobody shall empty the log by a setting and be gone with it the same hour.
      least: DAY,
      name: 'Administration log',
      description: 'How long administrative acts are logged; at least a day',
    },
    {
      key: 'const:autoreply:interval',
      type: 'duration',
      default: 4 * DAY,
      name: 'Autoreply interval',
      description: 'How long nobody gets a second automatic reply',
    },
    of('const:asp:limit', 'number', 'appPasswords', 'Application passwords', 'Application passwords of a user'),
    of('const:max:imap:download', 'size', 'imapMaxDownload', 'IMAP download', 'Octets a day by IMAP'),
    of('const:max:pop3:download', 'size', 'pop3MaxDownload', 'POP3 download', 'Octets a day by POP3'),
    of('const:max:imap:upload', 'size', 'imapMaxUpload', 'IMAP upload', 'Octets a day stored by IMAP'),
    of('const:max:filters', 'number', 'filters', 'Filters', 'Filters of a user'),
    {
      key: 'const:sender:defer_times',
      type: 'string',
      default: '',
      name: 'Retries',
      description: 'Times between the first tries to send, by commas, such as 5m, 15m, 1h; empty = as the worker’s settings say',
      check: (value) => parseDelays(value) !== undefined,
    },
  ];
}

const REFRESH_MS = 5_000;

/** `defaults` is changed in place: everything that was given it sees the settings. */
export async function createSettings(
  records: Records<SettingFields>,
  defaults: { -readonly [K in keyof AccountDefaults]: AccountDefaults[K] },
  log: Logger,
): Promise<Settings> {
  const known = new Map(definitions({ ...defaults }).map((one) => [one.key, one]));
  let values = new Map<string, string | number>();

  const expect = (key: string): Definition => {
    const found = known.get(key);
    if (found === undefined) throw new Refusal('SettingNotFound', 'There is no such setting');
    return found;
  };
  const view = (one: Definition): SettingView => {
    const { key, name, description, type } = one;
    const value = values.get(key);
    return { key, value: value ?? one.default, name, description, default: one.default, type, custom: value !== undefined };
  };
  const apply = (): void => {
    for (const one of known.values())
      if (one.applies !== undefined) Object.assign(defaults, { [one.applies]: values.get(one.key) ?? one.default });
  };
  const refresh = async (): Promise<void> => {
    values = new Map((await records.find({})).map((one) => [one.key, one.value]));
    apply();
  };
  await refresh();
  const timer = setInterval(() => {
    refresh().catch((error: unknown) => log.warn('settings could not be read', { error }));
  }, REFRESH_MS);
  timer.unref();

  return {
    list: (filter) => {
      const needle = filter?.toLowerCase();
      const all = [...known.values()].map(view);
      return needle === undefined
        ? all
        : all.filter((one) => `${one.key} ${one.name} ${one.description}`.toLowerCase().includes(needle));
    },
    get: (key) => view(expect(key)),
    set: async (key, value) => {
      const definition = expect(key);
      const checked = parse(definition.type, value);
      if (definition.check?.(String(checked)) === false) throw new InvalidInput('value', 'has not the form that is wanted');
      if (definition.least !== undefined && Number(checked) < definition.least)
        throw new InvalidInput('value', `must be at least ${definition.least}`);
      await records.upsert({ key }, { set: { value: checked } });
      values.set(key, checked);
      apply();
    },
    refresh,
    close: () => clearInterval(timer),
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: HOUR, d: DAY, w: 7 * DAY };
const SIZES: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 };

/** `25d`, `5 GB`, or a plain number of ms or octets. */
function parse(type: SettingType, value: unknown): string | number {
  if (type === 'string') {
    if (typeof value !== 'string' && typeof value !== 'number') throw new InvalidInput('value', 'must be a text');
    if (String(value).length > 1_024) throw new InvalidInput('value', 'must have at most 1024 characters');
    return String(value);
  }
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim().toLowerCase() : '';
  const match = /^(\d{1,15}(?:\.\d{1,3})?)\s*([a-z]*)$/.exec(text);
  const unit = match?.[2] ?? '';
  const factor =
    unit === '' ? 1 : type === 'duration' ? UNITS[unit] : type === 'size' ? (SIZES[unit] ?? SIZES[`${unit}b`]) : undefined;
  if (match === null || factor === undefined)
    throw new InvalidInput(
      'value',
      type === 'number' ? 'must be a number' : `must be a ${type}, such as ${type === 'size' ? '5GB' : '25d'}`,
    );
  return Math.round(Number(match[1]) * factor);
}

/** `5m, 15m, 1h` → ms; a number without a unit is in minutes. Undefined for what is none. */
export function parseDelays(text: string): readonly number[] | undefined {
  if (text.trim() === '') return [];
  const delays: number[] = [];
  for (const part of text.split(',')) {
    const [, amount = '', unit = 'm'] = /^\s*(\d{1,6})\s*([a-z]{1,2})?\s*$/.exec(part.toLowerCase()) ?? [];
    const factor = UNITS[unit];
    if (amount === '' || factor === undefined || delays.length >= 100) return undefined;
    delays.push(Math.max(1_000, Number(amount) * factor));
  }
  return delays;
}
