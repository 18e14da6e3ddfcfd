/**
 * One page of a running Chromium over its debugging port: evaluate, and take a picture. Playwright cannot attach to a packed Electron this old, and its
 * own way of starting one needs the very switches that the fuses turn off.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { waitFor } from '../harness/wait-for.ts';

const pagesSchema = z.array(z.object({ type: z.string(), webSocketDebuggerUrl: z.string() }));
const answerSchema = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});
const evaluatedSchema = z.object({
  result: z.object({ value: z.unknown().optional() }),
  exceptionDetails: z
    .object({ text: z.string(), exception: z.object({ description: z.string().optional() }).optional() })
    .optional(),
});

export class DebuggedPage {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const answer = answerSchema.safeParse(JSON.parse(String(data)));
      if (!answer.success) return;
      const { id, result, error } = answer.data;
      const waiter = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiter?.resolve(result);
      else waiter?.reject(new Error(error.message));
    });
    socket.addEventListener('close', () => {
      for (const waiter of this.#waiting.values()) waiter.reject(new Error('the page is gone'));
      this.#waiting.clear();
    });
  }

  /** @param app started with `--remote-debugging-port=0` and its standard error piped */
  static async of(app: ChildProcess): Promise<DebuggedPage> {
    let said = '';
    app.stderr?.on('data', (piece: Buffer) => (said = (said + piece.toString()).slice(-20_000)));
    const port = await waitFor(
      () => {
        if (app.exitCode !== null) throw new Error(`it ended: ${said}`);
        return /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said)?.[1];
      },
      { timeoutMs: 30_000, what: 'the debugging port' },
    );
    const url = await waitFor(
      async () => {
        const pages = pagesSchema.parse(await (await fetch(`http://127.0.0.1:${port}/json/list`)).json());
        return pages.find((page) => page.type === 'page')?.webSocketDebuggerUrl;
      },
      { timeoutMs: 30_000, what: 'a window' },
    );
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    return new DebuggedPage(socket);
  }

  /** The value of an expression in the page; promises are awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = evaluatedSchema.parse(await this.#send('Runtime.evaluate', parameters));
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async screenshot(folder: string, name: string): Promise<void> {
    const { data } = z.object({ data: z.string() }).parse(await this.#send('Page.captureScreenshot', { format: 'png' }));
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${name}.png`), Buffer.from(data, 'base64'));
  }

  close(): void {
    this.#socket.close();
  }

  #send(method: string, params: unknown): Promise<unknown> {
    this.#last += 1;
    const waiter = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#last, waiter);
    this.#socket.send(JSON.stringify({ id: this.#last, method, params }));
    return waiter.promise;
  }
}
