/**
 * The desktop app's way to the appliance's control API, by its contract. Every call has a deadline: the window must never wait for a server that
 * hangs. Answers are bounded and checked.
 */
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { z } from 'zod';
import type { ControlFile } from '../../appliance/control/control-file.ts';
import { type AnyRoute, type ControlEvent, errorSchema, eventSchema } from '../../appliance/control/contract.ts';

export class ControlCallError extends Error {
  /** The contract's code, or NoAnswer. */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.name = 'ControlCallError';
    this.code = code;
  }
}

const maxAnswerBytes = 4 * 1024 * 1024;
/** The appliance sends something (a comment at least) more often than this. */
const silenceMs = 60_000;

export class Control {
  readonly url: string;
  readonly #token: string;

  constructor(file: ControlFile) {
    this.url = file.url;
    this.#token = file.token;
  }

  get origin(): string {
    return new URL(this.url).origin;
  }

  /** @throws ControlCallError */
  async call<R extends AnyRoute>(
    route: R,
    input: { name?: string; body?: z.input<R['body']>; timeoutMs?: number } = {},
  ): Promise<z.output<R['answer']>> {
    const path = route.path.replace(':name', encodeURIComponent(input.name ?? ''));
    const text = input.body === undefined ? undefined : JSON.stringify(input.body);
    const { status, body } = await this.#exchange(route.method, path, text, input.timeoutMs ?? 10_000);
    const json = tryJson(body);
    if (status !== 200) {
      const refusal = errorSchema.safeParse(json);
      throw new ControlCallError(
        refusal.success ? refusal.data.error : `The mail server answered ${status}.`,
        refusal.success ? refusal.data.code : 'Internal',
      );
    }
    const answer = route.answer.safeParse(json);
    if (!answer.success) throw new ControlCallError('The mail server is of another version than this app.', 'Mismatch');
    return answer.data as z.output<R['answer']>;
  }

  /** Whether this cookie header is a valid session of the GUI. False also when there is no answer. */
  async isSignedIn(cookie: string): Promise<boolean> {
    try {
      const { status, body } = await this.#exchange('GET', '/control/session', undefined, 5000, { cookie });
      return status === 200 && JSON.stringify(tryJson(body)).includes('"signedIn":true');
    } catch {
      return false;
    }
  }

  /** The event stream. Resolves when it ends, by whichever side; never rejects. */
  follow(onEvent: (event: ControlEvent) => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const request = this.#request('GET', '/control/events');
      const end = (): void => {
        signal.removeEventListener('abort', end);
        request.destroy();
        resolve();
      };
      signal.addEventListener('abort', end);
      request.setTimeout(silenceMs, end);
      request.on('error', end);
      request.on('response', (response: IncomingMessage) => {
        if (response.statusCode !== 200) return end();
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          const blocks = (rest + piece).split('\n\n');
          rest = blocks.pop() ?? '';
          if (rest.length > maxAnswerBytes) return end();
          for (const block of blocks) {
            const event = eventSchema.safeParse(tryJson(/^data: (.*)$/m.exec(block)?.[1] ?? ''));
            // Kinds of events that a newer appliance has are none of our business.
            if (event.success) onEvent(event.data);
          }
        });
        response.on('error', end);
        response.on('close', end);
      });
      request.end();
    });
  }

  #exchange(
    method: string,
    path: string,
    text: string | undefined,
    timeoutMs: number,
    headers: Record<string, string> = { authorization: `Bearer ${this.#token}` },
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const request = this.#request(method, path, {
        ...headers,
        ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      });
      const fail = (): void => {
        clearTimeout(deadline);
        request.destroy();
        reject(new ControlCallError(`The mail server does not answer at ${this.url}.`, 'NoAnswer'));
      };
      const deadline = setTimeout(fail, timeoutMs);
      request.on('error', fail);
      request.on('response', (response: IncomingMessage) => {
        const pieces: Buffer[] = [];
        let size = 0;
        response.on('data', (piece: Buffer) => {
          size += piece.length;
          if (size > maxAnswerBytes) return fail();
          pieces.push(piece);
        });
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(deadline);
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString() });
        });
      });
      request.end(text);
    });
  }

  #request(method: string, path: string, headers?: Record<string, string>): ClientRequest {
    return httpRequest(new URL(path, this.url), {
      method,
      agent: false,
      headers: headers ?? { authorization: `Bearer ${this.#token}` },
    });
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
