/**
 * The kinds of input that the HTTP API takes, as zod schemas. Inputs come from paths, query strings, forms and JSON alike, so each kind takes its text form too: `"5"` is a
 * number, `"yes"` a boolean. Messages say what is wanted; the field's name is put before them.
 */
import { z } from 'zod';

/** What an endpoint says of itself beyond its schema, for the API document. */
const TRUE = new Set(['y', 'true', 'yes', 'on', '1']);
const FALSE = new Set(['n', 'false', 'no', 'off', '0']);

function asBoolean(value: unknown): unknown {
  if (value === 1) return true;
  if (value === 0) return false;
  if (typeof value !== 'string') return value;
  const text = value.trim().toLowerCase();
  if (text === '') return undefined;
  return TRUE.has(text) ? true : FALSE.has(text) ? false : value;
}

/** `true`, `yes`, `on`, `1`, `Y` and their opposites; empty = not given. */
export const laxBoolean = z
  .preprocess(asBoolean, z.boolean('must be a boolean').optional())
  .optional()
  .meta({ json: { type: 'boolean' } });

/** The same with a value for "not given". */
export const laxBooleanOr = (fallback: boolean) =>
  z
    .preprocess((value) => asBoolean(value) ?? fallback, z.boolean('must be a boolean'))
    .meta({ json: { type: 'boolean', default: fallback } });

const HEX24 = /^[0-9a-f]{24}$/;

/** 24 hex digits; given back in lower case. */
export const id = z
  .string('is required')
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.string().regex(HEX24, 'must be 24 hex digits'))
  .meta({ json: { type: 'string', pattern: '^[0-9a-fA-F]{24}$' } });

/** A user's id, or `me` for the one whose token it is. */
export const userId = z
  .string('is required')
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.string().regex(/^(?:[0-9a-f]{24}|me)$/, 'must be 24 hex digits'))
  .meta({ json: { type: 'string', pattern: '^([0-9a-fA-F]{24}|me)$' } });

type NumberLimits = { readonly min?: number; readonly max?: number };

const asNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\s*-?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : value === '' ? undefined : value;

function limitedNumber({ min, max }: NumberLimits) {
  let schema = z.number('must be a number');
  if (min !== undefined) schema = schema.min(min, `must be at least ${min}`);
  if (max !== undefined) schema = schema.max(max, `must be at most ${max}`);
  return schema;
}

const numberMeta = ({ min, max }: NumberLimits) => ({
  type: 'number',
  ...(min === undefined ? {} : { minimum: min }),
  ...(max === undefined ? {} : { maximum: max }),
});

export const number = (limits: NumberLimits = {}) =>
  z
    .preprocess(asNumber, limitedNumber(limits).optional())
    .optional()
    .meta({ json: numberMeta(limits) });

export const requiredNumber = (limits: NumberLimits = {}) =>
  z.preprocess(asNumber, limitedNumber(limits)).meta({ json: numberMeta(limits) });

export const numberOr = (fallback: number, limits: NumberLimits = {}) =>
  z
    .preprocess((value) => asNumber(value) ?? fallback, limitedNumber(limits))
    .meta({ json: { ...numberMeta(limits), default: fallback } });

type TextOptions = { readonly max?: number; readonly min?: number; readonly pattern?: RegExp; readonly wanted?: string };

function limitedText({ max, min, pattern, wanted }: TextOptions) {
  // A search for NUL is none that the database takes, and nobody's name has one.
  let schema = z.string('must be a text').regex(/^[^\0]*$/, 'must not have a NUL');
  if (min !== undefined) schema = schema.min(min, min === 1 ? 'must not be empty' : `must have at least ${min} characters`);
  if (max !== undefined) schema = schema.max(max, `must have at most ${max} characters`);
  if (pattern !== undefined) schema = schema.regex(pattern, wanted ?? 'has not the form that is wanted');
  return schema;
}

const textMeta = ({ max, min, pattern }: TextOptions) => ({
  type: 'string',
  ...(min === undefined ? {} : { minLength: min }),
  ...(max === undefined ? {} : { maxLength: max }),
  ...(pattern === undefined ? {} : { pattern: pattern.source }),
});

/** As it is, empty included. */
export const rawText = (options: TextOptions = {}) => limitedText(options).meta({ json: textMeta(options) });

/** Trimmed; empty = not given. */
export const text = (options: TextOptions = {}) =>
  z
    .preprocess((value) => (typeof value === 'string' ? value.trim() || undefined : value), limitedText(options).optional())
    .optional()
    .meta({ json: textMeta(options) });

/** Trimmed, and must be there. */
export const requiredText = (options: TextOptions = {}) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' ? value.trim() : value),
      z.string('is required').min(1, 'must not be empty').pipe(limitedText(options)),
    )
    .meta({ json: { ...textMeta(options), minLength: options.min ?? 1 } });

/** Also with a Unicode local part or domain; the server looks closer. */
const EMAIL = /^(?:"[^"\r\n]{1,62}"|[^\s@"<>(),:;\\]{1,255})@[^\s@"<>(),:;\\]{1,255}$/u;
const emailMeta = { type: 'string', format: 'idn-email', minLength: 3, maxLength: 320 };

export const requiredEmail = z
  .preprocess(
    (value) => (typeof value === 'string' ? value.trim() : value),
    z.string('is required').regex(EMAIL, 'must be an email address'),
  )
  .meta({ json: emailMeta });
export const email = z
  .preprocess(
    (value) => (typeof value === 'string' ? value.trim() : value),
    z.string('must be a text').regex(EMAIL, 'must be an email address').optional(),
  )
  .optional()
  .meta({ json: emailMeta });

/** ISO form or ms since the epoch; `false` or empty = none. */
function asDate(value: unknown): unknown {
  if (value === '' || value === undefined) return undefined;
  if (value === false || value === 'false') return false;
  if (value instanceof Date) return value;
  const ms =
    typeof value === 'number'
      ? value
      : typeof value !== 'string'
        ? Number.NaN
        : /^-?\d+$/.test(value.trim())
          ? Number(value)
          : Date.parse(value);
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? value : date;
}
const dateMeta = {
  anyOf: [
    { type: 'string', format: 'date-time' },
    { type: 'boolean', const: false },
  ],
};

export const date = z
  .preprocess((value) => (asDate(value) === false ? value : asDate(value)), z.date('must be a valid date').optional())
  .optional()
  .meta({ json: { type: 'string', format: 'date-time' } });

export const requiredDate = z
  .preprocess(asDate, z.date('must be a valid date'))
  .meta({ json: { type: 'string', format: 'date-time' } });

export const dateOrFalse = z
  .preprocess(asDate, z.union([z.date(), z.literal(false)], { error: 'must be a valid date' }).optional())
  .optional()
  .meta({ json: dateMeta });

/** In a form or a query, lists and objects come as JSON text. */
function asJson(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value === '' ? undefined : value;
  try {
    return JSON.parse(value);
  } catch {
    // Not JSON after all: refused as the text that it is.
    return value;
  }
}

export const list = <Item extends z.ZodType>(item: Item, max = 1_000) =>
  z.preprocess(asJson, z.array(item, 'must be a list').max(max, `must have at most ${max} entries`).optional()).optional();

export const requiredList = <Item extends z.ZodType>(item: Item, max = 1_000) =>
  z.preprocess(asJson, z.array(item, 'must be a list').max(max, `must have at most ${max} entries`));

export const object = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess(asJson, z.object(shape, 'must be an object').optional()).optional();

/** Metadata that is kept and given back, never understood: an object, or its JSON text. */
export const METADATA_MAX_BYTES = 1024 * 1024;
const METADATA_MAX_DEPTH = 50;

/** The database keeps no deeper ones, and no NUL in a name. */
function canBeKept(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= METADATA_MAX_DEPTH) return false;
  return Object.entries(value).every(([key, one]) => !key.includes('\0') && canBeKept(one, depth + 1));
}

export const metaData = z
  .preprocess(
    asJson,
    z
      .record(z.string(), z.unknown(), 'must be an object')
      .refine(canBeKept, `must have at most ${METADATA_MAX_DEPTH} levels, and no NUL in names`)
      .refine((value) => !canBeKept(value) || JSON.stringify(value).length <= METADATA_MAX_BYTES, 'is too long')
      .optional(),
  )
  .optional()
  .meta({ json: { type: 'object', additionalProperties: true } });

export const tag = rawText({ max: 128 });
export const tags = list(z.string('must be a text').trim().max(128, 'must have at most 128 characters'));

/** `a,b , c` → `['a','b','c']`. */
export const tagList = z
  .preprocess(
    (value) => (Array.isArray(value) ? value.join(',') : value),
    z
      .string('must be a text')
      .max(1_024, 'must have at most 1024 characters')
      .transform((value) =>
        value
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      )
      .optional(),
  )
  .optional()
  .meta({ json: { type: 'string', maxLength: 1_024 } });

/** Paging by opaque cursors. `page` is given back as it came. */
export const paging = {
  limit: numberOr(20, { min: 1, max: 250 }),
  next: text({ max: 1_024 }),
  previous: text({ max: 1_024 }),
  page: numberOr(1),
};

const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}$/;
export const ip = z
  .preprocess(
    (value) => (value === '' ? undefined : value),
    z
      .string('must be an IP address')
      .refine(
        (value) =>
          IPV4.test(value)
            ? value.split('.').every((one) => Number(one) <= 255)
            : /^[0-9a-f:.]+$/i.test(value) && value.includes(':') && value.length <= 45,
        'must be an IP address',
      )
      .optional(),
  )
  .optional()
  .meta({ json: { type: 'string', maxLength: 45 } });

/** Who asks, for the logs: every endpoint takes them. */
export const caller = { sess: rawText({ max: 255 }).optional(), ip };

/** Answers. */
export const cursor = z.union([z.string(), z.literal(false)]);
export const success = z.object({ success: z.literal(true) });
export const created = success.extend({ id: z.string() });
export const isoDate = z.string().meta({ format: 'date-time' });

export function pageOf<Item extends z.ZodType>(item: Item) {
  return success.extend({
    total: z.number(),
    page: z.number(),
    previousCursor: cursor,
    nextCursor: cursor,
    results: z.array(item),
  });
}
