/** Tokens to commands and tests (RFC 5228 §8.2). What they mean is `binder.ts`'s business. */
import { SieveFault } from './fault.ts';
import { tokensOf, type Token } from './lexer.ts';

export type Argument =
  | { readonly kind: 'number'; readonly line: number; readonly value: number }
  | { readonly kind: 'tag'; readonly line: number; readonly name: string }
  | {
      readonly kind: 'strings';
      readonly line: number;
      readonly values: readonly string[] /** It stood in brackets. */;
      readonly list: boolean;
    };

export type TestNode = {
  readonly name: string;
  readonly line: number;
  readonly args: readonly Argument[];
  readonly tests: readonly TestNode[];
};

export type CommandNode = TestNode & { readonly block: readonly CommandNode[] | undefined };

/** RFC 5228 §2.10.5 asks for 15. */
const MAX_NESTING = 32;
const MAX_LIST = 2_000;

export function parseScript(script: string): readonly CommandNode[] {
  const parser = new Parser(tokensOf(script));
  const commands = parser.commands(0);
  parser.expectEnd();
  return commands;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  expectEnd(): void {
    const token = this.#tokens[this.#at];
    if (token !== undefined) throw new SieveFault(`${shown(token)} has nothing that it could end`, token.line);
  }

  commands(depth: number): CommandNode[] {
    const commands: CommandNode[] = [];
    while (this.#peek()?.kind === 'identifier') commands.push(this.#command(depth));
    const token = this.#peek();
    if (token !== undefined && !isMark(token, '}'))
      throw new SieveFault(`A command is wanted here, not ${shown(token)}`, token.line);
    return commands;
  }

  #command(depth: number): CommandNode {
    if (depth > MAX_NESTING) throw new SieveFault('The script is nested too deeply', this.#line());
    const head = this.#test(depth);
    const token = this.#next();
    if (token !== undefined && isMark(token, ';')) return { ...head, block: undefined };
    if (token === undefined || !isMark(token, '{')) {
      throw new SieveFault(`After ${head.name} a semicolon is missing`, token === undefined ? head.line : this.#lineBefore());
    }
    const block = this.commands(depth + 1);
    const end = this.#next();
    if (end === undefined) throw new SieveFault(`The block of ${head.name} does not end: } is missing`, token.line);
    return { ...head, block };
  }

  /** A name with its arguments and tests: of a test, or of a command. */
  #test(depth: number): TestNode {
    if (depth > MAX_NESTING) throw new SieveFault('The script is nested too deeply', this.#line());
    const name = this.#next();
    if (name?.kind !== 'identifier') {
      throw new SieveFault(
        name === undefined ? 'The script ends too early' : `A name is wanted here, not ${shown(name)}`,
        name?.line ?? this.#line(),
      );
    }
    const args: Argument[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === 'number') args.push({ kind: 'number', line: token.line, value: token.value });
      else if (token.kind === 'tag') args.push({ kind: 'tag', line: token.line, name: token.text });
      else if (token.kind === 'string') args.push({ kind: 'strings', line: token.line, values: [token.text], list: false });
      else if (isMark(token, '[')) {
        args.push(this.#list());
        continue;
      } else break;
      this.#at += 1;
    }
    return { name: name.text, line: name.line, args, tests: this.#tests(depth) };
  }

  #tests(depth: number): readonly TestNode[] {
    const token = this.#peek();
    if (token?.kind === 'identifier') return [this.#test(depth + 1)];
    if (token === undefined || !isMark(token, '(')) return [];
    this.#at += 1;
    const tests = [this.#test(depth + 1)];
    for (;;) {
      const mark = this.#next();
      if (mark !== undefined && isMark(mark, ')')) return tests;
      if (mark === undefined || !isMark(mark, ','))
        throw new SieveFault('Between tests a comma or ) is missing', this.#lineBefore());
      tests.push(this.#test(depth + 1));
    }
  }

  #list(): Argument {
    const { line } = this.#next() as Token;
    const values: string[] = [];
    const first = this.#peek();
    if (first !== undefined && isMark(first, ']')) {
      this.#at += 1;
      return { kind: 'strings', line, values, list: true };
    }
    for (;;) {
      const token = this.#next();
      if (token?.kind !== 'string') throw new SieveFault('In a list a text is missing', token?.line ?? line);
      values.push(token.text);
      if (values.length > MAX_LIST) throw new SieveFault('This list is too long', line);
      const mark = this.#next();
      if (mark !== undefined && isMark(mark, ']')) return { kind: 'strings', line, values, list: true };
      if (mark === undefined || !isMark(mark, ',')) throw new SieveFault('In a list a comma or ] is missing', mark?.line ?? line);
    }
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #next(): Token | undefined {
    this.#at += 1;
    return this.#tokens[this.#at - 1];
  }

  #line(): number {
    return (this.#tokens[this.#at] ?? this.#tokens.at(-1))?.line ?? 1;
  }

  /** Of the token before the one that was just taken: where something is missing. */
  #lineBefore(): number {
    return this.#tokens[Math.max(0, this.#at - 2)]?.line ?? 1;
  }
}

function isMark(token: Token, text: string): boolean {
  return token.kind === 'mark' && token.text === text;
}

function shown(token: Token): string {
  if (token.kind === 'number') return String(token.value);
  if (token.kind === 'string') return 'a text';
  return token.kind === 'tag' ? `:${token.text}` : token.text;
}
