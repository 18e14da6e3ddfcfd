/** The tests of Sieve: what a script asks of a message. */
import { parseAddressList } from '../mime/addresses.ts';
import { parseDateField } from '../mime/date-field.ts';
import type { Bound } from './binder.ts';
import { compare, contains, holds, isComparator, isRelation, matchWildcards, type Comparator, type Spend } from './compare.ts';
import { datePart, offsetOf } from './dates.ts';
import { SieveFault } from './fault.ts';
import type { SieveMessage } from './message.ts';
import type { Mark, SieveEnvironment } from './result.ts';
import type { Variables } from './variables.ts';

export type TestContext = {
  readonly message: SieveMessage;
  readonly environment: SieveEnvironment;
  readonly variables: Variables;
  readonly spend: Spend;
  /** Flags in a variable of that name, or in the internal one. */
  readonly flagsOf: (variable: string | undefined) => readonly string[];
  /** Marks of `duplicate` that are already asked for: the answer counts for the whole run. */
  readonly duplicates: Map<string, boolean>;
  readonly marks: Mark[];
};

const MAX_ADDRESSES = 1_000;
const SEPARATOR = '+';
const DEFAULT_DUPLICATE_S = 7 * 86_400;
const MAX_DUPLICATE_S = 90 * 86_400;

export async function holdsTest(test: Bound, context: TestContext): Promise<boolean> {
  const { message, environment, variables, spend } = context;
  spend(1);
  const texts = (index: number): readonly string[] => textsOf(test.args[index], variables);
  const text = (index: number): string => texts(index)[0] ?? '';
  switch (test.name) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'not':
      return !(await holdsTest(test.tests[0] as Bound, context));
    case 'allof':
      for (const one of test.tests) if (!(await holdsTest(one, context))) return false;
      return true;
    case 'anyof':
      for (const one of test.tests) if (await holdsTest(one, context)) return true;
      return false;
    case 'size': {
      const limit = Number(test.args[0]);
      return test.tags.has('over') ? message.sizeBytes > limit : message.sizeBytes < limit;
    }
    case 'exists':
      return texts(0).every((name) => message.rawValues(name).length > 0);
    case 'header': {
      const values = texts(0).flatMap((name) => indexed(message.values(name), test));
      return matches(test, values, texts(1), context);
    }
    case 'address': {
      const values = texts(0)
        .flatMap((name) => indexed(message.rawValues(name), test))
        .flatMap(addressesIn);
      return matches(
        test,
        values.flatMap((address) => partOf(address, test)),
        texts(1),
        context,
      );
    }
    case 'envelope': {
      const values = texts(0).map((part) => (part.toLowerCase() === 'from' ? environment.envelopeFrom : environment.envelopeTo));
      return matches(
        test,
        values.flatMap((address) => partOf(address, test)),
        texts(1),
        context,
      );
    }
    case 'string': {
      // RFC 5229 §5: with :count, empty texts don't count.
      const values = test.tags.has('count') ? texts(0).filter((one) => one !== '') : texts(0);
      return matches(test, values, texts(1), context);
    }
    case 'hasflag': {
      const names = test.args[0] === undefined ? [undefined] : texts(0);
      return matches(
        test,
        names.flatMap((name) => context.flagsOf(name)),
        texts(1).flatMap(flagsIn),
        context,
      );
    }
    case 'body':
      return matches(test, bodyOf(test, context), texts(0), context);
    case 'date': {
      const values = indexed(message.rawValues(text(0)), test).flatMap((value) => dateIn(value, text(1), test, context));
      return matches(test, values, texts(2), context);
    }
    case 'currentdate': {
      const part = datePart(text(0), environment.now.getTime(), zoneOf(test, environment.now, variables));
      return matches(test, part === undefined ? [] : [part], texts(1), context);
    }
    case 'duplicate':
      return isDuplicate(test, context);
    case 'mailboxexists':
      for (const name of texts(0)) {
        spend(1_000);
        if (!(await environment.mailboxExists(name))) return false;
      }
      return true;
    case 'environment': {
      const value = environment.items.get(text(0).toLowerCase());
      return matches(test, value === undefined ? [] : [value], texts(1), context);
    }
    case 'spamtest':
      return matches(test, [spamValue(environment.spamScore, test.tags.has('percent'))], texts(0), context);
    default:
      throw new SieveFault(`There is no test ${test.name}`, test.line);
  }
}

/** Whether any value fits any key, as the tags of the test say. */
export function matches(
  test: Bound,
  values: readonly string[],
  keys: readonly string[],
  context: Pick<TestContext, 'variables' | 'spend'>,
): boolean {
  const { variables, spend } = context;
  const comparator = comparatorOf(test, variables);
  const relation = (tag: string): string => {
    const name = textsOf(test.tags.get(tag), variables)[0] ?? '';
    if (!isRelation(name)) throw new SieveFault(`:${tag} wants gt, ge, lt, le, eq or ne`, test.line);
    return name;
  };
  if (test.tags.has('count')) {
    const name = relation('count');
    return keys.some((key) => holds(name, compare(String(values.length), key, 'i;ascii-numeric')));
  }
  if (test.tags.has('value')) {
    const name = relation('value');
    return values.some((value) =>
      keys.some((key) => {
        spend(1 + Math.min(value.length, key.length));
        return holds(name, compare(value, key, comparator));
      }),
    );
  }
  for (const value of values) {
    for (const key of keys) {
      spend(1);
      if (test.tags.has('matches')) {
        const found = matchWildcards(value, key, comparator, spend);
        if (found === undefined) continue;
        variables.remember(found);
        return true;
      }
      if (test.tags.has('contains') ? contains(value, key, comparator, spend) : isEqual(value, key, comparator, spend))
        return true;
    }
  }
  return false;
}

function isEqual(value: string, key: string, comparator: Comparator, spend: Spend): boolean {
  spend(Math.min(value.length, key.length));
  return compare(value, key, comparator) === 0;
}

function comparatorOf(test: Bound, variables: Variables): Comparator {
  const name = textsOf(test.tags.get('comparator'), variables)[0] ?? 'i;ascii-casemap';
  if (!isComparator(name)) throw new SieveFault(`There is no comparator ${name}`, test.line);
  return name;
}

export function textsOf(value: Bound['args'][number], variables: Variables): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]).map((one) => variables.expand(one)) : [];
}

/** RFC 5232 §2: flags may stand in one text, with blanks between them. */
export function flagsIn(text: string): readonly string[] {
  return text.split(/[ \t\r\n]+/).filter((flag) => flag !== '');
}

/** RFC 5260 §6: the one at that place, from the beginning or (`:last`) from the end. */
function indexed(values: readonly string[], { tags }: Bound): readonly string[] {
  const place = tags.get('index');
  if (typeof place !== 'number') return values;
  const one = tags.has('last') ? values[values.length - place] : values[place - 1];
  return one === undefined ? [] : [one];
}

function addressesIn(value: string): readonly string[] {
  return parseAddressList(value, MAX_ADDRESSES)
    .map(({ address }) => address)
    .filter((address) => address !== '');
}

/** RFC 5228 §2.7.4, RFC 5233: the part of an address, or nothing where it has no such part. */
function partOf(address: string, { tags }: Bound): readonly string[] {
  const at = address.lastIndexOf('@');
  const local = at < 0 ? address : address.slice(0, at);
  if (tags.has('localpart')) return [local];
  if (tags.has('domain')) return [at < 0 ? '' : address.slice(at + 1)];
  const separator = local.indexOf(SEPARATOR);
  if (tags.has('user')) return [separator < 0 ? local : local.slice(0, separator)];
  if (tags.has('detail')) return separator < 0 ? [] : [local.slice(separator + 1)];
  return [address];
}

function bodyOf(test: Bound, { message, variables, spend }: TestContext): readonly string[] {
  const values = test.tags.has('raw')
    ? [message.rawBody()]
    : test.tags.has('content')
      ? message.contents(textsOf(test.tags.get('content'), variables))
      : message.texts();
  // Decoding is work as well.
  spend(message.sizeBytes >> 3);
  return values;
}

function zoneOf(test: Bound, date: Date, variables: Variables): number {
  const [zone] = textsOf(test.tags.get('zone'), variables);
  const wanted = zone === undefined ? undefined : offsetOf(zone);
  if (zone !== undefined && wanted === undefined)
    throw new SieveFault(`${JSON.stringify(zone)} is no zone such as +0100`, test.line);
  return wanted ?? -date.getTimezoneOffset();
}

function dateIn(value: string, part: string, test: Bound, { variables }: TestContext): readonly string[] {
  // Received has its date after the last semicolon (RFC 5322 §3.6.7).
  const text = value.slice(value.lastIndexOf(';') + 1);
  const parsed = parseDateField(text);
  if (parsed === undefined) return [];
  const written = /([+-]\d{4})(?:\s*\([^)]*\))?\s*$/.exec(text)?.[1];
  const offset = test.tags.has('originalzone')
    ? (offsetOf(written ?? '') ?? 0)
    : zoneOf(test, new Date(parsed.epochMs), variables);
  const found = datePart(part, parsed.epochMs, offset);
  return found === undefined ? [] : [found];
}

/** RFC 7352. What was asked for once in a run is answered the same again. */
async function isDuplicate(
  test: Bound,
  { message, environment, variables, spend, duplicates, marks }: TestContext,
): Promise<boolean> {
  const given = (tag: string): string | undefined => (test.tags.has(tag) ? textsOf(test.tags.get(tag), variables)[0] : undefined);
  const unique = given('uniqueid');
  const id = unique ?? message.rawValues(given('header') ?? 'message-id')[0];
  if (id === undefined || id === '') return false;
  const seconds = test.tags.get('seconds');
  const ms = Math.min(typeof seconds === 'number' ? seconds : DEFAULT_DUPLICATE_S, MAX_DUPLICATE_S) * 1_000;
  const mark = [given('handle') ?? '', unique === undefined ? (given('header') ?? 'message-id').toLowerCase() : '', id].join(
    '\0',
  );
  const known = duplicates.get(mark);
  if (known !== undefined) return known;
  spend(10_000);
  const answer = await environment.isMarked(mark);
  // With :last the time begins anew (RFC 7352 §3.2).
  if (!answer || test.tags.has('last')) marks.push({ mark, ms });
  duplicates.set(mark, answer);
  return answer;
}

/** RFC 5235 §3.2: 0 = not judged, 1 (no spam) to 10; or 0 to 100. */
function spamValue(score: number | undefined, percent: boolean): string {
  if (score === undefined) return '0';
  return String(percent ? Math.round(score * 100) : 1 + Math.round(score * 9));
}
