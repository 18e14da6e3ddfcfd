import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import {
  date,
  dateOrFalse,
  email,
  id,
  ip,
  laxBoolean,
  laxBooleanOr,
  list,
  metaData,
  number,
  numberOr,
  tagList,
  text,
  userId,
} from './fields.ts';
import { username } from './users.ts';

const REFUSED = Symbol('refused');
const parse = (schema: z.ZodType, value: unknown): unknown => {
  const result = schema.safeParse(value);
  return result.success ? result.data : REFUSED;
};

const deep = (levels: number): unknown => (levels === 0 ? { end: true } : { a: deep(levels - 1) });

test('inputs of every kind, as JSON and as text', () => {
  const when = new Date('2026-01-02T03:04:05Z');
  const table: readonly (readonly [string, z.ZodType, readonly (readonly [unknown, unknown])[]])[] = [
    [
      'boolean',
      laxBoolean,
      [
        [true, true],
        ['yes', true],
        ['ON', true],
        [1, true],
        ['N', false],
        ['0', false],
        ['', undefined],
        [undefined, undefined],
        ['maybe', REFUSED],
        [2, REFUSED],
      ],
    ],
    [
      'boolean with a default',
      laxBooleanOr(true),
      [
        [undefined, true],
        ['', true],
        ['no', false],
      ],
    ],
    [
      'number',
      number({ min: 1, max: 9 }),
      [
        [5, 5],
        ['5', 5],
        ['5.5', 5.5],
        ['', undefined],
        [0, REFUSED],
        ['10', REFUSED],
        ['5x', REFUSED],
        [Number.NaN, REFUSED],
      ],
    ],
    [
      'number with a default',
      numberOr(20),
      [
        [undefined, 20],
        ['7', 7],
      ],
    ],
    [
      'text',
      text({ max: 3 }),
      [
        [' a ', 'a'],
        ['  ', undefined],
        ['abcd', REFUSED],
        [5, REFUSED],
      ],
    ],
    [
      'id',
      id,
      [
        ['A'.repeat(24), 'a'.repeat(24)],
        ['a'.repeat(23), REFUSED],
        [undefined, REFUSED],
      ],
    ],
    [
      'user',
      userId,
      [
        ['ME', 'me'],
        ['you', REFUSED],
      ],
    ],
    [
      'date',
      date,
      [
        ['2026-01-02T03:04:05Z', when],
        [when.getTime(), when],
        [String(when.getTime()), when],
        ['', undefined],
        [false, REFUSED],
        ['someday', REFUSED],
      ],
    ],
    [
      'date or false',
      dateOrFalse,
      [
        [false, false],
        ['false', false],
        ['', undefined],
      ],
    ],
    [
      'email',
      email,
      [
        ['Ann@Example.org', 'Ann@Example.org'],
        ['андрис@уайлддак.орг', 'андрис@уайлддак.орг'],
        ['"a b"@c.d', '"a b"@c.d'],
        ['a b@c.d', REFUSED],
        ['a@', REFUSED],
      ],
    ],
    [
      'ip',
      ip,
      [
        ['192.0.2.1', '192.0.2.1'],
        ['2001:db8::1', '2001:db8::1'],
        ['', undefined],
        ['256.0.0.1', REFUSED],
        ['host', REFUSED],
      ],
    ],
    [
      'list',
      list(text()),
      [
        [['a'], ['a']],
        ['["a","b"]', ['a', 'b']],
        ['a', REFUSED],
        [{}, REFUSED],
      ],
    ],
    [
      'tags in a query',
      tagList,
      [
        ['a, b,,c', ['a', 'b', 'c']],
        [
          ['a', 'b'],
          ['a', 'b'],
        ],
      ],
    ],
    [
      'metadata',
      metaData,
      [
        [{ a: 1 }, { a: 1 }],
        ['{"a":1}', { a: 1 }],
        ['', undefined],
        ['text', REFUSED],
        [[1], REFUSED],
        [{ a: { 'b\0': 1 } }, REFUSED],
        [deep(49), deep(49)],
        [deep(60), REFUSED],
        ['[[['.repeat(1_000), REFUSED],
      ],
    ],
    [
      'username',
      username,
      [
        ['Ann', 'ann'],
        ['a.b-c_d=e:f', 'a.b-c_d=e:f'],
        ['ann@example.org', 'ann@example.org'],
        ['андрис@уайлддак.орг', 'андрис@уайлддак.орг'],
        ['андрис', REFUSED],
        ['a..b', REFUSED],
        ['.a', REFUSED],
        ['a b', REFUSED],
      ],
    ],
  ];
  for (const [what, schema, values] of table)
    for (const [value, expected] of values) assert.deepEqual(parse(schema, value), expected, `${what}: ${JSON.stringify(value)}`);
});
