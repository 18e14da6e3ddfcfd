/** Named searches (RFC 5466): FILTER name is replaced by the search that METADATA keeps under it, on the mailbox first, then on the account. */
import { Fault } from '../../../base/fault.ts';
import type { CommandContext } from '../command.ts';
import { ArgumentParser } from '../wire/parser.ts';
import { type SearchKey, type SearchProgram, expectSearchKeys, someSearchKey } from '../wire/search-keys.ts';

/** Filters may name filters; not for ever. */
const MAX_DEPTH = 5;

/** NO [UNDEFINED-FILTER name] (RFC 5466 §3.1). */
export class UndefinedFilter extends Error {
  override readonly name = 'UndefinedFilter';
  readonly filter: string;

  constructor(filter: string) {
    super('undefined filter');
    this.filter = filter;
  }
}

export function usesFilters(program: SearchProgram): boolean {
  return someSearchKey(program.key, (key) => key.key === 'FILTER');
}

/** The program without FILTER keys. Throws UndefinedFilter. */
export async function expandFilters(context: CommandContext, program: SearchProgram): Promise<SearchProgram> {
  const values = new Map<string, Buffer>();
  const { ops, session } = context;
  const { user: owner, mailbox } = session.box.view;
  const reader = session.account.user;
  // The nearer wins: account before mailbox here, so that the mailbox's overwrite; shared before private.
  for (const prefix of ['/shared/filters/values/', '/private/filters/values/']) {
    for (const entries of [await ops.metadata.get(reader, reader, undefined), await ops.metadata.get(reader, owner, mailbox)]) {
      for (const { entry, value } of entries) if (entry.startsWith(prefix)) values.set(entry.slice(prefix.length), value);
    }
  }
  return { ...program, key: expand(program.key, values, 0) };
}

function expand(key: SearchKey, values: ReadonlyMap<string, Buffer>, depth: number): SearchKey {
  switch (key.key) {
    case 'FILTER': {
      const value = values.get(key.name.toLowerCase());
      if (value === undefined || depth >= MAX_DEPTH) throw new UndefinedFilter(key.name);
      return expand(parseFilter(key.name, value), values, depth + 1);
    }
    case 'NOT':
    case 'FUZZY':
      return { ...key, of: expand(key.of, values, depth) };
    case 'OR':
      return { key: 'OR', either: [expand(key.either[0], values, depth), expand(key.either[1], values, depth)] };
    case 'AND':
      return { key: 'AND', all: key.all.map((one) => expand(one, values, depth)) };
    default:
      return key;
  }
}

function parseFilter(name: string, value: Buffer): SearchKey {
  const parser = new ArgumentParser({ tag: '', name: '', argumentsAt: 0, lines: [value], literals: [] });
  try {
    const key = expectSearchKeys(parser);
    parser.expectEnd();
    return key;
  } catch (error) {
    // A stored search that is none is as good as none.
    if (error instanceof Fault) throw new UndefinedFilter(name);
    throw error;
  }
}
