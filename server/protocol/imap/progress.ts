/** INPROGRESS (RFC 9585): a client that waits long is told how far its command is. Nothing for quick commands. */
import type { ImapOutput } from './output.ts';

const EVERY_MS = 10_000;

export class Progress {
  readonly #out: ImapOutput;
  #tag: string | undefined;
  #toldAtMs = 0;

  constructor(out: ImapOutput) {
    this.#out = out;
  }

  report(tag: string, done: number, total: number): void {
    const now = Date.now();
    if (this.#tag !== tag) {
      this.#tag = tag;
      this.#toldAtMs = now;
    }
    if (now - this.#toldAtMs < EVERY_MS) return;
    this.#toldAtMs = now;
    this.#out.untaggedStatus('OK', 'Still at it', `INPROGRESS ("${tag}" ${done} ${total})`);
    this.#out.flush();
  }
}
