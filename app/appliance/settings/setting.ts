/**
 * What one setting is: a zod schema with a default, a unit, words for people, and what must restart when it changes. The registry is made of
 * these; the page, the docs, the command line and the validator all read them.
 *
 * A value travels in two forms: typed (JSON, in the store and the control API) and as text (the command line). `fromText` turns the second
 * into the first and leaves judging to the schema.
 */
import { z } from 'zod';
import { bytesHelp, formatBytes, tryBytes } from './quantity.ts';

export type SettingKind = 'boolean' | 'integer' | 'bytes' | 'port' | 'text' | 'choice' | 'list';

/** What a change needs before it holds: nothing, new workers, new databases, or a new appliance. */
export type RestartNeed = 'none' | 'worker' | 'databases' | 'appliance';

export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly kind: SettingKind;
  readonly schema: Schema;
  readonly default: z.output<Schema>;
  /** One or two sentences for the settings page, the docs and `config list`. */
  readonly help: string;
  readonly restart: RestartNeed;
  /** What may be written, in words: part of every refusal. */
  readonly allowed: string;
  readonly unit?: string;
  readonly choices?: readonly string[];
  /** A value that is not shown in logs or lists. */
  readonly secret?: boolean;
  /** For a value that holds secrets among other things. */
  readonly veil?: Veil<z.output<Schema>>;
  /** Text from a command line to the JSON value that the schema judges. */
  readonly fromText: (text: string) => unknown;
  /** A value as people write it. */
  readonly toText: (value: z.output<Schema>) => string;
}

/** Shows a value without the secrets in it, and takes what was shown for the value it was shown of. */
export interface Veil<Value> {
  readonly hide: (value: Value) => Value;
  /** @param given not judged yet */
  readonly lift: (given: unknown, present: Value) => unknown;
}

const hidden = '***';

/** Of items made of words, one word is secret. */
function secretWordVeil(index: number): Veil<string[]> {
  const hide = (item: string): string =>
    item
      .split(' ')
      .map((word, at) => (at === index ? hidden : word))
      .join(' ');
  return {
    hide: (items) => items.map(hide),
    lift: (given, present) => {
      if (!Array.isArray(given)) return given;
      return given.map((item: unknown) =>
        typeof item === 'string' && item.split(' ')[index] === hidden
          ? (present.find((one) => hide(one) === item) ?? item)
          : item,
      );
    },
  };
}

type Words = { readonly help: string; readonly restart: RestartNeed };

export function flag(value: boolean, words: Words): Setting<z.ZodBoolean> {
  const texts: Readonly<Record<string, boolean>> = {
    true: true,
    on: true,
    yes: true,
    1: true,
    false: false,
    off: false,
    no: false,
    0: false,
  };
  return {
    ...words,
    kind: 'boolean',
    schema: z.boolean(),
    default: value,
    allowed: 'true or false (also on/off, yes/no)',
    fromText: (text) => texts[text.trim().toLowerCase()] ?? text,
    toText: String,
  };
}

export function integer(value: number, range: { min: number; max: number; unit?: string }, words: Words): Setting<z.ZodNumber> {
  return {
    ...words,
    kind: 'integer',
    schema: z.number().int().min(range.min).max(range.max),
    default: value,
    ...(range.unit === undefined ? {} : { unit: range.unit }),
    allowed: `a whole number from ${range.min} to ${range.max}`,
    fromText: numberFromText,
    toText: String,
  };
}

export function port(value: number, words: Words): Setting<z.ZodNumber> {
  return {
    ...words,
    kind: 'port',
    schema: z.number().int().min(0).max(65_535),
    default: value,
    allowed: 'a port number from 1 to 65535, or 0 for any free port',
    fromText: numberFromText,
    toText: String,
  };
}

export function bytes(value: number, range: { min: number; max: number }, words: Words): Setting<z.ZodNumber> {
  return {
    ...words,
    kind: 'bytes',
    schema: z.number().int().min(range.min).max(range.max),
    default: value,
    unit: 'bytes',
    allowed: `${bytesHelp}; from ${formatBytes(range.min)} to ${formatBytes(range.max)}`,
    fromText: (text) => tryBytes(text) ?? text,
    toText: formatBytes,
  };
}

/** One of some words; `alias` gives more spellings, in small letters. */
export function choice<const Names extends readonly [string, ...string[]]>(
  value: Names[number],
  names: Names,
  words: Words & { readonly alias?: Readonly<Record<string, Names[number]>> },
): Setting<z.ZodType<Names[number]>> {
  const { alias = {}, help, restart } = words;
  const spell = (given: string): string => {
    const small = given.trim().toLowerCase();
    return alias[small] ?? names.find((name) => name.toLowerCase() === small) ?? given;
  };
  return {
    help,
    restart,
    kind: 'choice',
    schema: z.preprocess((given) => (typeof given === 'boolean' ? spell(String(given)) : given), z.enum(names)),
    default: value,
    choices: names,
    allowed: names.join(', '),
    fromText: spell,
    toText: String,
  };
}

export function text(
  value: string,
  form: { pattern: RegExp; allowed: string; secret?: boolean },
  words: Words,
): Setting<z.ZodString> {
  return {
    ...words,
    kind: 'text',
    schema: z.string().max(2000).regex(form.pattern),
    default: value,
    allowed: form.allowed,
    ...(form.secret === true ? { secret: true } : {}),
    fromText: (given) => given.trim(),
    toText: String,
  };
}

/** Short strings; on the command line separated by commas. */
export function list(
  value: string[],
  form: { pattern: RegExp; allowed: string; max: number; secretWord?: number },
  words: Words,
): Setting<z.ZodArray<z.ZodString>> {
  return {
    ...words,
    kind: 'list',
    schema: z.array(z.string().max(500).regex(form.pattern)).max(form.max),
    default: value,
    allowed: `${form.allowed}, separated by commas; at most ${form.max}`,
    ...(form.secretWord === undefined ? {} : { veil: secretWordVeil(form.secretWord) }),
    fromText: (given) =>
      given
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    toText: (items) => items.join(', '),
  };
}

function numberFromText(given: string): unknown {
  return /^\s*\d+\s*$/.test(given) ? Number(given) : given;
}
