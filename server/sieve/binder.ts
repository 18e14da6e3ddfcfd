/**
 * Gives a parsed script its meaning: every command and test is known, required, and has the arguments that it wants. What passes here can only fail at run time by what
 * a message or a variable brings.
 */
import { parseAddress } from '../mail/address.ts';
import { isComparator, isRelation } from './compare.ts';
import { SieveFault } from './fault.ts';
import { parseScript, type Argument, type CommandNode, type TestNode } from './parser.ts';
import { BUILT_IN, CAPABILITIES, COMMANDS, TESTS, type Spec, type TagSpec } from './specs.ts';

export type Value = number | readonly string[] | true;

export type Bound = {
  readonly name: string;
  readonly line: number;
  /** By name, with their values; `true` for a tag without one. */
  readonly tags: ReadonlyMap<string, Value>;
  /** As the specification names them; undefined where an optional one was left out. */
  readonly args: readonly (Value | undefined)[];
  readonly tests: readonly Bound[];
};

export type BoundCommand = Bound & { readonly block: readonly BoundCommand[] };

export type Script = { readonly commands: readonly BoundCommand[]; readonly requires: ReadonlySet<string> };

const SUPPORTED: ReadonlySet<string> = new Set([...CAPABILITIES, ...BUILT_IN]);
const FIELD_NAME = /^[\u0021-\u0039\u003b-\u007e]+$/;
const VARIABLE = /^[a-z_][a-z0-9_]*$/i;
const HAS_VARIABLE = /\$\{/;

/** Parses and checks. Throws SieveFault, with the line. */
export function compileScript(text: string): Script {
  const nodes = parseScript(text);
  const requires = new Set<string>();
  let at = 0;
  for (const node of nodes) {
    if (node.name !== 'require') break;
    const [values] = bind(node, COMMANDS['require'] as Spec, requires).args;
    for (const name of values as readonly string[]) {
      if (!SUPPORTED.has(name)) throw new SieveFault(`This server does not have the extension "${name}"`, node.line);
      requires.add(name);
    }
    at += 1;
  }
  return { commands: bindBlock(nodes.slice(at), requires), requires };
}

function bindBlock(nodes: readonly CommandNode[], requires: ReadonlySet<string>): BoundCommand[] {
  return nodes.map((node, index) => {
    if (node.name === 'require') throw new SieveFault('require stands at the beginning of a script', node.line);
    const spec = specOf(COMMANDS, 'command', node, requires);
    if (node.name === 'elsif' || node.name === 'else') {
      const before = nodes[index - 1]?.name;
      if (before !== 'if' && before !== 'elsif') throw new SieveFault(`${node.name} follows an if or elsif`, node.line);
    }
    const bound = bind(node, spec, requires);
    if (spec.block !== true && node.block !== undefined) throw new SieveFault(`${node.name} has no block`, node.line);
    if (spec.block === true && node.block === undefined) throw new SieveFault(`${node.name} needs a block`, node.line);
    return { ...bound, block: bindBlock(node.block ?? [], requires) };
  });
}

function specOf(table: Readonly<Record<string, Spec>>, what: string, node: TestNode, requires: ReadonlySet<string>): Spec {
  const spec = Object.hasOwn(table, node.name) ? table[node.name] : undefined;
  if (spec === undefined) throw new SieveFault(`There is no ${what} ${node.name}`, node.line);
  needs(spec.capability, node.name, requires, node.line);
  return spec;
}

function needs(capability: string | undefined, name: string, requires: ReadonlySet<string>, line: number): void {
  if (capability === undefined || requires.has(capability)) return;
  // RFC 5235 §3.1: the bigger one brings the smaller.
  if (capability === 'spamtest' && requires.has('spamtestplus')) return;
  throw new SieveFault(`${name} needs: require "${capability}";`, line);
}

function bind(node: TestNode, spec: Spec, requires: ReadonlySet<string>): Bound {
  const { tags, rest } = takeTags(node, spec, requires);
  const args = takeArgs(node, spec, rest, requires);
  const count = node.tests.length;
  if (spec.tests === undefined && count > 0) throw new SieveFault(`${node.name} has no test`, node.line);
  if (spec.tests === 'one' && count !== 1) throw new SieveFault(`${node.name} wants one test`, node.line);
  if (spec.tests === 'many' && count === 0) throw new SieveFault(`${node.name} wants tests in parentheses`, node.line);
  const tests = node.tests.map((test) => bind(test, specOf(TESTS, 'test', test, requires), requires));
  const bound: Bound = { name: node.name, line: node.line, tags, args, tests };
  check(bound, requires);
  return bound;
}

function takeTags(
  node: TestNode,
  spec: Spec,
  requires: ReadonlySet<string>,
): { tags: ReadonlyMap<string, Value>; rest: readonly Argument[] } {
  const tags = new Map<string, Value>();
  const groups = new Set<string>();
  const rest: Argument[] = [];
  for (let at = 0; at < node.args.length; at += 1) {
    const argument = node.args[at];
    if (argument?.kind !== 'tag') {
      if (argument !== undefined) rest.push(argument);
      continue;
    }
    const known: TagSpec | undefined = Object.hasOwn(spec.tags, argument.name) ? spec.tags[argument.name] : undefined;
    if (known === undefined) throw new SieveFault(`${node.name} has no :${argument.name}`, argument.line);
    if (rest.length > 0)
      throw new SieveFault(`:${argument.name} stands before the other arguments of ${node.name}`, argument.line);
    needs(known.capability, `:${argument.name}`, requires, argument.line);
    if (groups.has(known.group))
      throw new SieveFault(`${node.name} has :${argument.name} or another of its kind twice`, argument.line);
    groups.add(known.group);
    if (known.value === undefined) tags.set(argument.name, true);
    else {
      at += 1;
      tags.set(argument.name, valueOf(node.args[at], known.value, `:${argument.name}`, argument.line, requires));
    }
  }
  return { tags, rest };
}

function takeArgs(node: TestNode, spec: Spec, rest: readonly Argument[], requires: ReadonlySet<string>): (Value | undefined)[] {
  const wanted = spec.args.length;
  const least = spec.optionalFirst === true || spec.optionalLast === true ? wanted - 1 : wanted;
  if (rest.length < least) throw new SieveFault(`${node.name} wants ${count(least)}`, node.line);
  if (rest.length > wanted) throw new SieveFault(`${node.name} wants ${count(wanted)} only`, rest[wanted]?.line ?? node.line);
  const skipped = spec.optionalFirst === true && rest.length < wanted ? 1 : 0;
  return spec.args.map((kind, index) => {
    const argument = rest[index - skipped];
    if (index < skipped || (argument === undefined && spec.optionalLast === true)) return undefined;
    return valueOf(argument, kind, node.name, node.line, requires);
  });
}

const count = (many: number): string => (many === 0 ? 'no argument' : many === 1 ? 'one argument' : `${many} arguments`);

function valueOf(
  argument: Argument | undefined,
  kind: 'number' | 'string' | 'strings',
  what: string,
  line: number,
  requires: ReadonlySet<string>,
): Value {
  if (kind === 'number') {
    if (argument?.kind !== 'number') throw new SieveFault(`${what} wants a number`, argument?.line ?? line);
    return argument.value;
  }
  if (argument?.kind !== 'strings') throw new SieveFault(`${what} wants a text`, argument?.line ?? line);
  if (kind === 'string' && (argument.list || argument.values.length !== 1))
    throw new SieveFault(`${what} wants one text`, argument.line);
  return requires.has('encoded-character')
    ? argument.values.map((text) => decodeCharacters(text, argument.line))
    : argument.values;
}

/** RFC 5228 §2.4.2.4. */
function decodeCharacters(text: string, line: number): string {
  return text.replace(/\$\{(hex|unicode):[ \t\r\n]*([0-9a-f \t\r\n]+)\}/gi, (whole: string, kind: string, digits: string) => {
    const numbers = digits
      .trim()
      .split(/[ \t\r\n]+/)
      .map((one) => Number.parseInt(one, 16));
    if (kind.toLowerCase() === 'hex') {
      if (!/^(?:[0-9a-f]{1,2}(?:[ \t\r\n]+|$))+$/i.test(digits)) return whole;
      return Buffer.from(numbers).toString('utf8');
    }
    if (numbers.some((one) => one > 0x10ffff || (one >= 0xd800 && one <= 0xdfff))) {
      throw new SieveFault(`${whole} is no character`, line);
    }
    return String.fromCodePoint(...numbers);
  });
}

/** What is wrong already, whatever message comes. */
function check({ name, line, tags, args }: Bound, requires: ReadonlySet<string>): void {
  const fixed = (text: string): boolean => !(requires.has('variables') && HAS_VARIABLE.test(text));
  const texts = (value: Value | undefined): readonly string[] =>
    Array.isArray(value) ? (value as readonly string[]).filter(fixed) : [];
  for (const comparator of texts(tags.get('comparator'))) {
    if (!isComparator(comparator)) throw new SieveFault(`There is no comparator ${comparator}`, line);
    if (!BUILT_IN.has(`comparator-${comparator}`)) needs(`comparator-${comparator}`, comparator, requires, line);
    if (comparator === 'i;ascii-numeric' && (tags.has('contains') || tags.has('matches'))) {
      throw new SieveFault('i;ascii-numeric can’t look for parts', line);
    }
  }
  for (const tag of ['count', 'value']) {
    for (const relation of texts(tags.get(tag))) {
      if (!isRelation(relation)) throw new SieveFault(`:${tag} wants gt, ge, lt, le, eq or ne`, line);
    }
  }
  if (tags.has('last') && name !== 'duplicate' && name !== 'addheader' && !tags.has('index'))
    throw new SieveFault(':last goes with :index', line);
  if (name === 'size' && tags.size === 0) throw new SieveFault('size wants :over or :under', line);
  if (name === 'set')
    for (const variable of texts(args[0]))
      if (!VARIABLE.test(variable)) throw new SieveFault(`${variable} is no name of a variable`, line);
  if (name === 'redirect') {
    for (const address of texts(args[0])) if (!parseAddress(address).ok) throw new SieveFault(`${address} is no address`, line);
  }
  if (name === 'fileinto' && texts(args[0]).includes('')) throw new SieveFault('fileinto wants the name of a mailbox', line);
  const fields =
    name === 'header' ||
    name === 'address' ||
    name === 'exists' ||
    name === 'addheader' ||
    name === 'deleteheader' ||
    name === 'date'
      ? texts(args[0])
      : [];
  for (const field of fields)
    if (!FIELD_NAME.test(field)) throw new SieveFault(`${JSON.stringify(field)} is no name of a header field`, line);
  if (name === 'envelope') {
    for (const part of texts(args[0])) {
      if (!/^(?:from|to)$/i.test(part))
        throw new SieveFault(`The envelope has "from" and "to", and no ${JSON.stringify(part)}`, line);
    }
  }
}
