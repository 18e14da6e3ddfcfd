/**
 * Conversations as data: reads a script, plays it over real connections, and compares every response.
 *
 *   capabilities: MOVE                 skipped by the runner (with its reason) when the server does not announce them
 *   connections: 2                     default 1
 *   users: 2                           default 1; connection n logs in as user n, whose name is $user, $user2 …
 *   administrators: 2                  which of the users may administer
 *   state: selected                    none | authenticated | selected (INBOX), for all connections; default selected
 *   messages: simple.eml               put into INBOX before anybody logs in
 *   recent: kept                       else a session before the script has taken \Recent
 *   rfc: 6851 §3.3
 *
 *   # a comment
 *   1 C: UID MOVE $uid1 Trash          a command of connection 1, with a tag of its own
 *   1 C: APPEND INBOX <<simple.eml     … with a fixture, or "JSON text", as a synchronizing literal
 *   1 C> DONE                          a line as it is
 *   1 S: * 1 EXPUNGE                   the next response
 *   1 S? * 1 RECENT                 a response that may come or not, before the next one that must
 *   1 S: OK                            the tagged reply, by its beginning
 *
 * `$name` binds when first seen and must be the same later, `$` is anything (`$$` is a dollar sign), `\r\n` is a line end. Responses that nobody expected fail.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RawImapClient } from '../harness/imap-client.ts';
import { PASSWORD } from '../harness/imap.ts';

export type Step = {
  readonly line: number;
  readonly connection: number;
  readonly kind: 'command' | 'raw' | 'response' | 'optional';
  readonly text: string;
};

export type Script = {
  readonly name: string;
  readonly capabilities: readonly string[];
  readonly connections: number;
  /** Connection n belongs to user n, the last one having the rest. */
  readonly users: number;
  /** Numbers of users. */
  readonly administrators: readonly number[];
  readonly state: 'none' | 'authenticated' | 'selected';
  readonly messages: readonly string[];
  readonly keepsRecent: boolean;
  readonly rfc: string;
  readonly steps: readonly Step[];
};

const MESSAGES = path.join(import.meta.dirname, 'messages');

/** A fixture with CRLF line ends. */
export function loadMessage(name: string): string {
  return readFileSync(path.join(MESSAGES, name), 'latin1').replaceAll(/\r?\n/g, '\r\n');
}

export function parseScript(name: string, text: string): Script {
  const headers = new Map<string, string>();
  const steps: Step[] = [];
  let inHeader = true;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    if (line.startsWith('#')) continue;
    if (line === '') {
      inHeader = false;
      continue;
    }
    if (inHeader) {
      const header = /^([a-z]+): (.*)$/.exec(line);
      if (header === null) throw new Error(`${name}:${index + 1}: no header: ${line}`);
      headers.set(header[1]!, header[2]!);
      continue;
    }
    const step = /^(\d+) ([CS])([:>?]) ?(.*)$/.exec(line);
    if (step === null) throw new Error(`${name}:${index + 1}: no step: ${line}`);
    const kind = step[2] === 'S' ? (step[3] === '?' ? 'optional' : 'response') : step[3] === '>' ? 'raw' : 'command';
    steps.push({ line: index + 1, connection: Number(step[1]), kind, text: step[4]! });
  }
  const words = (key: string): string[] => (headers.get(key) ?? '').split(/\s+/).filter((word) => word !== '');
  const state = headers.get('state') ?? 'selected';
  if (state !== 'none' && state !== 'authenticated' && state !== 'selected') throw new Error(`${name}: unknown state`);
  return {
    name,
    capabilities: words('capabilities'),
    connections: Number(headers.get('connections') ?? 1),
    users: Number(headers.get('users') ?? 1),
    administrators: words('administrators').map(Number),
    state,
    messages: words('messages'),
    keepsRecent: headers.get('recent') === 'kept',
    rfc: headers.get('rfc') ?? '',
    steps,
  };
}

/** One run: the connections of a script and what its names are bound to. */
export class Conversation {
  readonly #script: Script;
  readonly #bound = new Map<string, string>();
  readonly #clients: RawImapClient[] = [];
  readonly #tags: string[] = [];
  #lastTag = 0;

  constructor(script: Script, bindings: Readonly<Record<string, string>>) {
    this.#script = script;
    for (const [name, value] of Object.entries(bindings)) this.#bound.set(name, value);
  }

  /** `users`: names, as many as the script has. */
  async run(ports: readonly number[], users: readonly string[]): Promise<void> {
    const user = users[0]!;
    const script = this.#script;
    if (!script.keepsRecent && script.messages.length > 0) {
      const early = await RawImapClient.login(ports[0]!, user, PASSWORD);
      await early.ok('SELECT INBOX');
      await early.ok('LOGOUT');
    }
    for (let i = 0; i < script.connections; i += 1) {
      const client = await RawImapClient.open(ports[i % ports.length]!);
      this.#clients.push(client);
      if (script.state !== 'none') await client.ok(`LOGIN ${users[Math.min(i, users.length - 1)]} ${PASSWORD}`);
      if (script.state === 'selected') await client.ok('SELECT INBOX');
    }
    try {
      for (const step of script.steps) await this.#play(step);
      for (const [i, client] of this.#clients.entries()) await this.#leave(client, i + 1);
    } finally {
      for (const client of this.#clients) await client.close();
    }
  }

  /** Nothing unexpected may be left: LOGOUT must be answered by BYE and OK alone. */
  async #leave(client: RawImapClient, connection: number): Promise<void> {
    if (client.closed && client.unread === 0) return;
    const last = await client.command('LOGOUT').catch((error: unknown) => [String(error)]);
    if (last.length !== 2 || !last[0]!.startsWith('* BYE')) {
      throw new Error(`${this.#script.name}: connection ${connection}: nobody expected\n  ${last.slice(0, -2).join('\n  ')}`);
    }
  }

  async #play(step: Step): Promise<void> {
    const client = this.#clients[step.connection - 1];
    const where = `${this.#script.name}:${step.line}`;
    if (client === undefined) throw new Error(`${where}: there is no connection ${step.connection}`);
    if (step.kind === 'raw') {
      client.write(`${this.#fill(step.text, where)}\r\n`);
    } else if (step.kind === 'command') {
      await this.#send(client, step, where);
    } else {
      const response = await client.next().catch(() => undefined);
      const tag = this.#tags[step.connection - 1];
      const shown =
        response === undefined
          ? '(nothing)'
          : tag !== undefined && response.startsWith(`${tag} `)
            ? response.slice(tag.length + 1)
            : response;
      if (response === undefined && step.text === 'CLOSED') return;
      if (this.#matches(step.text, shown)) return;
      if (step.kind === 'optional') {
        if (response !== undefined) client.pushBack(response);
        return;
      }
      throw new Error(`${where}: expected\n  ${step.text}\ngot\n  ${shown}`);
    }
  }

  async #send(client: RawImapClient, step: Step, where: string): Promise<void> {
    this.#lastTag += 1;
    const tag = `c${this.#lastTag}`;
    this.#tags[step.connection - 1] = tag;
    const [first = '', ...parts] = step.text.split('<<');
    let text = `${tag} ${this.#fill(first, where)}`;
    for (const part of parts) {
      const found = /^("(?:[^"\\]|\\.)*"|[^\s)]+)(.*)$/s.exec(part);
      if (found === null) throw new Error(`${where}: bad literal`);
      const source = found[1]!;
      const literal = source.startsWith('"') ? Buffer.from(JSON.parse(source) as string).toString('latin1') : loadMessage(source);
      client.write(`${text}{${literal.length}}\r\n`);
      const go = await client.next();
      if (go?.startsWith('+') !== true) throw new Error(`${where}: no continuation: ${go}`);
      client.write(literal);
      text = this.#fill(found[2]!, where);
    }
    client.write(`${text}\r\n`);
  }

  #fill(text: string, where: string): string {
    return Buffer.from(text, 'utf8')
      .toString('latin1')
      .replaceAll(/\$(\$|[a-zA-Z][a-zA-Z0-9]*)/g, (_, name: string) => {
        if (name === '$') return '$';
        const value = this.#bound.get(name);
        if (value === undefined) throw new Error(`${where}: $${name} is not bound`);
        return value;
      });
  }

  #matches(pattern: string, actual: string): boolean {
    const isTagged = /^(?:OK|NO|BAD)\b/.test(pattern);
    const names: string[] = [];
    const source = Buffer.from(pattern, 'utf8')
      .toString('latin1')
      .split(/(\$\$|\$[a-zA-Z][a-zA-Z0-9]*|\$|\\r\\n)/)
      .map((piece) => {
        if (piece === '\\r\\n') return '\\r\\n';
        if (piece === '$$') return '\\$';
        if (piece === '$') return '[^]*?';
        if (!piece.startsWith('$')) return piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
        const name = piece.slice(1);
        const value = this.#bound.get(name);
        if (value !== undefined) return value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
        if (names.includes(name)) return `\\k<${name}>`;
        names.push(name);
        return `(?<${name}>[^\\s()\\]"]+)`;
      })
      .join('');
    // A tagged reply is known by its beginning; its text is for people.
    const match = new RegExp(`^${source}${isTagged ? '(?: [^]*)?' : ''}$`).exec(actual);
    if (match === null) return false;
    for (const name of names) this.#bound.set(name, match.groups?.[name] ?? '');
    return true;
  }
}
