/** Checks a table of wrong inputs against an endpoint: each must be refused for its field and no other, and change nothing. */
import assert from 'node:assert/strict';
import type { Api } from './api.ts';

export type BadInputs = {
  readonly call: string;
  /** Inputs that are good together. */
  readonly good?: Readonly<Record<string, unknown>>;
  /** Fields that must be there. */
  readonly required?: readonly string[];
  /** Field (`a.b` in an object) → values that must be refused. */
  readonly bad: Readonly<Record<string, readonly unknown[]>>;
};

export const long = (length: number): string => 'x'.repeat(length);

/** Values that are wrong for the field kinds that come again and again. */
export const wrong = {
  boolean: ['maybe', 2, {}],
  number: ['many', {}, true],
  count: [-1, 'many', {}],
  limit: [0, 251, -1, 'many'],
  id: ['1234', 'zz', long(24), `${'a'.repeat(25)}`],
  list: ['text', 5, {}],
  date: ['yesterday', {}, 'x'],
  ip: ['1.2.3', '300.1.1.1', 'host'],
  metaData: ['text', 5, true, [1], { 'a\0': 1 }],
} as const;

export const pagingInputs = { limit: wrong.limit, next: [long(1_025)], previous: [long(1_025)], page: ['many'] } as const;

export async function checkBadInputs(api: Api, { call, good = {}, required = [], bad }: BadInputs): Promise<void> {
  for (const field of required) {
    const { [field]: left, ...rest } = good;
    void left;
    await refused(api, call, field, rest);
  }
  for (const [field, values] of Object.entries(bad)) {
    for (const value of values) await refused(api, call, field, withField(good, field, value));
  }
}

function withField(good: Readonly<Record<string, unknown>>, field: string, value: unknown): Record<string, unknown> {
  const [first = '', rest] = field.split('.');
  return rest === undefined ? { ...good, [first]: value } : { ...good, [first]: { [rest]: value } };
}

async function refused(api: Api, call: string, field: string, input: Readonly<Record<string, unknown>>): Promise<void> {
  const inBody = /^(?:POST|PUT) /.test(call);
  const what = `${call} ${field}=${JSON.stringify(input[field.split('.')[0] ?? ''])?.slice(0, 80)}`;
  const answer = inBody ? await api.call(call, { body: input }) : await api.call(withQuery(call, input));
  assert.deepEqual([answer.status, answer.body['code']], [400, 'InputValidationError'], `${what}: ${answer.text.slice(0, 300)}`);
  const details = answer.body['details'] as Record<string, string> | undefined;
  const named = Object.keys(details ?? {}).map((path) => path.split('.').slice(0, field.split('.').length).join('.'));
  assert.deepEqual(named, [field], what);
}

export function withQuery(call: string, input: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams(
    Object.entries(input).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ).toString();
  return query === '' ? call : `${call}${call.includes('?') ? '&' : '?'}${query}`;
}
