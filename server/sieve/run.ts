/**
 * Runs a script on a message (RFC 5228). Nothing is done here: the answer says what is to be done. Whatever goes wrong, the answer is to keep the message, with the reason.
 */
import { parseAddress } from '../mail/address.ts';
import { hasFlag, parseFlag } from '../mail/flags.ts';
import type { Bound, BoundCommand, Script } from './binder.ts';
import { SieveFault } from './fault.ts';
import { SieveMessage } from './message.ts';
import type { Action, Mark, SieveEnvironment, SieveResult } from './result.ts';
import { flagsIn, holdsTest, matches, textsOf, type TestContext } from './tests.ts';
import { modified, Variables } from './variables.ts';

const DAY_S = 86_400;
const DEFAULT_VACATION_S = 7 * DAY_S;
const MAX_VACATION_S = 90 * DAY_S;
const MIN_VACATION_S = 60;
const MAX_FLAGS = 64;
/** Where flags are while no variable is named (RFC 5232 §2.1): no script can name it. */
const INTERNAL = ' ';

export async function runScript(script: Script, message: SieveMessage, environment: SieveEnvironment): Promise<SieveResult> {
  const run = new Run(script, message, environment);
  try {
    await run.block(script.commands);
    return { actions: run.finish(), marks: run.marks, problem: undefined };
  } catch (error) {
    if (!(error instanceof SieveFault)) throw error;
    return { actions: [], marks: [], problem: { line: error.line, text: error.message } };
  }
}

/** The way out of any depth. */
class Stopped extends Error {}

class Run {
  readonly #message: SieveMessage;
  readonly #environment: SieveEnvironment;
  readonly #variables: Variables;
  readonly #context: TestContext;
  readonly #actions: Action[] = [];
  readonly marks: Mark[] = [];
  #implicitKeep = true;
  #steps = 0;
  #redirects = 0;
  #line = 1;

  constructor(script: Script, message: SieveMessage, environment: SieveEnvironment) {
    this.#message = message;
    this.#environment = environment;
    this.#variables = new Variables(script.requires.has('variables'));
    this.#context = {
      message,
      environment,
      variables: this.#variables,
      spend: (steps) => this.#spend(steps),
      flagsOf: (name) => this.#flagsOf(name),
      duplicates: new Map(),
      marks: this.marks,
    };
  }

  async block(commands: readonly BoundCommand[]): Promise<void> {
    try {
      await this.#block(commands);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  finish(): readonly Action[] {
    if (this.#implicitKeep) this.#act({ kind: 'keep', flags: this.#flagsOf(undefined), fields: this.#message.fields });
    const rejects = this.#actions.some(({ kind }) => kind === 'reject');
    // RFC 5429 §2.4: a message can't be refused and taken.
    if (rejects && this.#actions.some(({ kind }) => kind !== 'reject')) {
      throw new SieveFault('A message that is rejected can’t be kept, filed, redirected or answered as well', this.#line);
    }
    return this.#actions;
  }

  async #block(commands: readonly BoundCommand[]): Promise<void> {
    let done = false;
    for (const command of commands) {
      this.#line = command.line;
      this.#spend(1);
      if (command.name === 'if' || command.name === 'elsif' || command.name === 'else') {
        if (command.name === 'if') done = false;
        if (done) continue;
        done = command.name === 'else' || (await holdsTest(command.tests[0] as Bound, this.#context));
        if (done) await this.#block(command.block);
      } else this.#command(command);
    }
  }

  #command(command: BoundCommand): void {
    const { name, tags } = command;
    switch (name) {
      case 'stop':
        throw new Stopped();
      case 'keep':
        this.#implicitKeep = false;
        return this.#act({ kind: 'keep', flags: this.#givenFlags(command), fields: this.#message.fields });
      case 'discard':
        this.#implicitKeep = false;
        return;
      case 'fileinto':
        if (!tags.has('copy')) this.#implicitKeep = false;
        return this.#fileInto(command);
      case 'redirect':
        if (!tags.has('copy')) this.#implicitKeep = false;
        return this.#redirect(command);
      case 'reject':
      case 'ereject':
        this.#implicitKeep = false;
        return this.#act({ kind: 'reject', text: this.#text(command, 0) });
      case 'vacation':
        return this.#vacation(command);
      case 'setflag':
      case 'addflag':
      case 'removeflag':
        return this.#changeFlags(command);
      case 'set':
        return this.#set(this.#text(command, 0), modified(this.#text(command, 1), tags), command.line);
      case 'addheader':
        return this.#addHeader(command);
      case 'deleteheader':
        return this.#deleteHeader(command);
      default:
        throw new SieveFault(`There is no command ${name}`, command.line);
    }
  }

  #fileInto(command: BoundCommand): void {
    const mailbox = this.#text(command, 0);
    if (mailbox.trim() === '') throw new SieveFault('fileinto wants the name of a mailbox', command.line);
    const flags = this.#givenFlags(command);
    // RFC 5228 §2.10.3: twice into one mailbox is once.
    const twice = this.#actions.some((one) => one.kind === 'fileinto' && one.mailbox === mailbox);
    if (!twice) this.#act({ kind: 'fileinto', mailbox, flags, create: command.tags.has('create'), fields: this.#message.fields });
  }

  #redirect(command: BoundCommand): void {
    const address = this.#text(command, 0);
    if (!parseAddress(address).ok) throw new SieveFault(`${address} is no address`, command.line);
    const twice = this.#actions.some((one) => one.kind === 'redirect' && one.address.toLowerCase() === address.toLowerCase());
    if (twice) return;
    this.#redirects += 1;
    const { maxRedirects } = this.#environment.limits;
    if (this.#redirects > maxRedirects)
      throw new SieveFault(`A message may be redirected ${maxRedirects} times at most`, command.line);
    this.#act({ kind: 'redirect', address, fields: this.#message.fields });
  }

  #vacation(command: BoundCommand): void {
    if (this.#actions.some(({ kind }) => kind === 'vacation')) throw new SieveFault('vacation may be used once', command.line);
    const { tags, line } = command;
    const one = (tag: string): string | undefined => textsOf(tags.get(tag), this.#variables)[0];
    const [days, seconds] = [tags.get('days'), tags.get('seconds')];
    const wanted = typeof seconds === 'number' ? seconds : typeof days === 'number' ? days * DAY_S : DEFAULT_VACATION_S;
    const least = typeof seconds === 'number' ? MIN_VACATION_S : DAY_S;
    const from = one('from');
    if (from !== undefined && !/^[^<>\r\n]{1,200}$|^[^<>\r\n]{0,200}<[^<>\s]{3,254}>$/.test(from))
      throw new SieveFault(`${from} is no address`, line);
    const text = this.#text(command, 0);
    const subject = one('subject');
    // RFC 5230 §4.2: without a handle, another reply is one with another text.
    const handle = one('handle') ?? ['', subject ?? '', from ?? '', tags.has('mime') ? 'mime' : '', text].join('\0');
    this.#act({
      kind: 'vacation',
      text,
      subject,
      from,
      addresses: textsOf(tags.get('addresses'), this.#variables),
      mime: tags.has('mime'),
      handle,
      periodMs: Math.min(Math.max(wanted, least), MAX_VACATION_S) * 1_000,
    });
  }

  #changeFlags(command: BoundCommand): void {
    const [variable] = command.args[0] === undefined ? [INTERNAL] : textsOf(command.args[0], this.#variables);
    const given = textsOf(command.args[1], this.#variables).flatMap(flagsIn);
    const before = command.name === 'setflag' ? [] : flagsIn(this.#variables.get(variable ?? INTERNAL));
    const lower = new Set(given.map((flag) => flag.toLowerCase()));
    const after =
      command.name === 'removeflag' ? before.filter((flag) => !lower.has(flag.toLowerCase())) : distinct([...before, ...given]);
    this.#set(variable ?? INTERNAL, after.slice(0, MAX_FLAGS).join(' '), command.line);
  }

  #addHeader(command: BoundCommand): void {
    const [name, value] = [this.#text(command, 0), this.#text(command, 1)];
    if (!/^[\u0021-\u0039\u003b-\u007e]{1,100}$/.test(name))
      throw new SieveFault(`${JSON.stringify(name)} is no name of a header field`, command.line);
    if (!this.#message.add(name, value, command.tags.has('last')))
      throw new SieveFault('The header has too many fields', command.line);
  }

  #deleteHeader(command: BoundCommand): void {
    const keys = command.args[1] === undefined ? undefined : textsOf(command.args[1], this.#variables);
    const place = command.tags.get('index');
    this.#message.remove(this.#text(command, 0), (value, position, count) => {
      const here = command.tags.has('last') ? count - position : position + 1;
      if (typeof place === 'number' && place !== here) return false;
      return keys === undefined || matches(command, [value], keys, this.#context);
    });
  }

  #givenFlags(command: BoundCommand): readonly string[] {
    if (!command.tags.has('flags')) return this.#flagsOf(undefined);
    return usable(textsOf(command.tags.get('flags'), this.#variables).flatMap(flagsIn));
  }

  #flagsOf(variable: string | undefined): readonly string[] {
    return usable(flagsIn(this.#variables.get(variable ?? INTERNAL)));
  }

  #set(name: string, value: string, line: number): void {
    if (name !== INTERNAL && !/^[a-z_][a-z0-9_]*$/i.test(name)) throw new SieveFault(`${name} is no name of a variable`, line);
    this.#spend(value.length);
    if (!this.#variables.set(name, value)) throw new SieveFault('The script has too many variables', line);
  }

  #text(command: Bound, index: number): string {
    return textsOf(command.args[index], this.#variables)[0] ?? '';
  }

  #act(action: Action): void {
    if (this.#actions.length >= this.#environment.limits.maxActions)
      throw new SieveFault('The script does too much with one message', this.#line);
    this.#actions.push(action);
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > this.#environment.limits.maxSteps)
      throw new SieveFault('The script takes too long for this message', this.#line);
  }
}

/** Those that a mailbox can hold; \Recent and nonsense are left out (RFC 5232 §2). */
function usable(flags: readonly string[]): readonly string[] {
  return distinct(
    flags.flatMap((flag) => {
      const parsed = parseFlag(flag);
      return parsed.ok ? [parsed.value] : [];
    }),
  ).slice(0, MAX_FLAGS);
}

function distinct(flags: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const flag of flags) if (!hasFlag(kept, flag)) kept.push(flag);
  return kept;
}
