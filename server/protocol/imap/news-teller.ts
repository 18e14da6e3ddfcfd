/**
 * When a connection tells news that no command asked for: in IDLE, and after NOTIFY also between commands. One write for what comes together; never in the middle of
 * a command, never twice at a time. Between two pieces of news it holds nothing but itself.
 */

export type NewsHost = {
  /** True when something may be told now, or as soon as the command in work is done. */
  readonly listens: () => boolean;
  /** A command other than IDLE is in work. */
  readonly busy: () => boolean;
  /** Tells what there is; never rejects. Nothing else runs until it is done. */
  readonly tell: () => Promise<void>;
};

export class NewsTeller {
  readonly #host: NewsHost;
  #scheduled = false;
  #waiting = false;
  #telling: Promise<void> | undefined;

  constructor(host: NewsHost) {
    this.#host = host;
  }

  /** There may be news. */
  readonly wake = (): void => {
    if (this.#scheduled || !this.#host.listens()) return;
    if (this.#telling !== undefined || this.#host.busy()) {
      this.#waiting = true;
      return;
    }
    this.#scheduled = true;
    setImmediate(this.#run);
  };

  /** The command in work is done: what came meanwhile can be told. */
  afterCommand(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.wake();
  }

  /** Resolves when nothing is being told. */
  async quiet(): Promise<void> {
    while (this.#telling !== undefined) await this.#telling;
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    if (!this.#host.listens()) return;
    if (this.#host.busy()) {
      this.#waiting = true;
      return;
    }
    this.#waiting = false;
    this.#telling = this.#host.tell().then(() => {
      this.#telling = undefined;
      this.afterCommand();
    });
  };
}
