/**
 * The command line's way to a running appliance: finds it by run/control.json, checks that it is alive, and calls its control API by the contract.
 */
import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { isStillRunning, processIdentitySchema } from '../../../server/base/process-identity.ts';
import { type ControlFile, readControlFile } from '../control/control-file.ts';
import { type AnyRoute, errorSchema } from '../control/contract.ts';
import type { DataPaths } from '../paths.ts';
import { CliFault } from './fault.ts';
import { readFileSync } from 'node:fs';

/** The contract's codes that mean "asked wrongly". */
const usageCodes: ReadonlySet<string> = new Set([
  'UnknownSetting',
  'InvalidSetting',
  'SettingConflict',
  'UnknownService',
  'BadRequest',
]);

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

export class ControlClient {
  readonly #control: ControlFile;
  readonly #paths: DataPaths;

  private constructor(control: ControlFile, paths: DataPaths) {
    this.#control = control;
    this.#paths = paths;
  }

  /** Undefined when no appliance serves this data directory. */
  static tryOpen(paths: DataPaths): ControlClient | undefined {
    const control = readControlFile(paths.control);
    return control === undefined || !isAlive(paths) ? undefined : new ControlClient(control, paths);
  }

  /** @throws CliFault saying how to start it */
  static open(paths: DataPaths): ControlClient {
    const client = ControlClient.tryOpen(paths);
    if (client === undefined) throw notRunning(paths);
    return client;
  }

  get pid(): number {
    return this.#control.pid;
  }

  get url(): string {
    return this.#control.url;
  }

  async call<R extends AnyRoute>(
    route: R,
    input: { name?: string; query?: Readonly<Record<string, string | undefined>>; body?: z.input<R['body']> } = {},
  ): Promise<z.output<R['answer']>> {
    const query = new URLSearchParams(
      Object.entries(input.query ?? {}).filter((each): each is [string, string] => each[1] !== undefined),
    );
    const path = `${route.path.replace(':name', encodeURIComponent(input.name ?? ''))}${query.size === 0 ? '' : `?${query.toString()}`}`;
    const answer = await this.raw(route.method, path, input.body);
    if (answer.status !== 200) throw refusal(answer);
    return route.answer.parse(JSON.parse(answer.body)) as z.output<R['answer']>;
  }

  /** Any path on the appliance's origin: /api/* goes to the worker. */
  async raw(method: string, path: string, body?: unknown): Promise<RawAnswer> {
    const { status, body: bytes } = await this.#exchange(method, path, body);
    return { status, body: bytes.toString() };
  }

  /** A file of the appliance. */
  async download(path: string): Promise<Buffer> {
    const { status, body } = await this.#exchange('GET', path);
    if (status !== 200) throw refusal({ status, body: body.toString() });
    return body;
  }

  /** An answer of any size, as it comes. Rejects when it was cut, or as `into` fails. @throws CliFault with the words of who refuses */
  async save(path: string, into: () => Writable, onPiece: (piece: Buffer) => void = () => {}): Promise<void> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpRequest(new URL(path, this.#control.url), {
        agent: false,
        headers: { authorization: `Bearer ${this.#control.token}` },
      });
      request.on('response', resolve);
      request.on('error', () => reject(this.#lost()));
      request.end();
    });
    if (response.statusCode !== 200) {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece as Buffer);
      throw refusal({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString() });
    }
    response.on('data', onPiece);
    await pipeline(response, into());
  }

  #exchange(method: string, path: string, body?: unknown): Promise<{ status: number; body: Buffer }> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = httpRequest(new URL(path, this.#control.url), {
        method,
        agent: false,
        headers: {
          authorization: `Bearer ${this.#control.token}`,
          ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      });
      request.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) }));
        response.on('error', () => reject(this.#lost()));
      });
      request.on('error', () => reject(this.#lost()));
      request.end(text);
    });
  }

  /** Server-sent events; each event's data is given as it comes. Resolves when the appliance ends the stream. */
  events(path: string, onEvent: (data: unknown) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(new URL(path, this.#control.url), {
        agent: false,
        headers: { authorization: `Bearer ${this.#control.token}` },
      });
      request.on('response', (response) => {
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          const blocks = (rest + piece).split('\n\n');
          rest = blocks.pop() ?? '';
          for (const block of blocks) {
            const data = /^data: (.*)$/m.exec(block)?.[1];
            if (data !== undefined) onEvent(JSON.parse(data));
          }
        });
        response.on('close', () =>
          response.statusCode === 200 ? resolve() : reject(refusal({ status: response.statusCode ?? 0, body: rest })),
        );
      });
      request.on('error', () => reject(this.#lost()));
      request.end();
    });
  }

  #lost(): CliFault {
    if (!isAlive(this.#paths)) return notRunning(this.#paths);
    return new CliFault(1, `The appliance (process ${this.#control.pid}) does not answer at ${this.#control.url}.`, 'NoAnswer');
  }
}

export function notRunning(paths: DataPaths): CliFault {
  return new CliFault(
    1,
    `Mallard is not running on ${paths.root}.\nStart it with: mallard start --data ${quoted(paths.root)}`,
    'NotRunning',
  );
}

/** Whether the process that holds the data directory's lock still runs. */
export function isAlive(paths: DataPaths): boolean {
  try {
    return isStillRunning(processIdentitySchema.parse(JSON.parse(readFileSync(paths.lock, 'utf8'))));
  } catch {
    // No lock, or one that nobody holds: nothing runs.
    return false;
  }
}

function refusal(answer: RawAnswer): CliFault {
  const parsed = errorSchema.safeParse(tryJson(answer.body));
  if (!parsed.success) return new CliFault(1, `The appliance answered ${answer.status}.`);
  const { error, code, allowed } = parsed.data;
  const complete = allowed === undefined || error.includes('Allowed: ') ? error : `${error}\nAllowed: ${allowed}`;
  return new CliFault(usageCodes.has(code) ? 2 : 1, complete, code);
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not from our server, or cut off.
    return undefined;
  }
}

function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
