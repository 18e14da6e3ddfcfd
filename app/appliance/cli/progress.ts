/** What is being done, on stderr: one line that changes in a terminal, else a line for each new step (numbers that grow are no new step). */
export class ProgressLines {
  readonly #terminal: boolean = process.stderr.isTTY;
  readonly #texts = new Map<string, string>();
  readonly #told = new Map<string, string>();
  #shown = false;

  update(name: string, text: string | undefined): void {
    if (this.#texts.get(name) === text) return;
    if (text === undefined) this.#texts.delete(name);
    else this.#texts.set(name, text);
    if (this.#terminal) {
      this.#draw();
      return;
    }
    if (text === undefined) return;
    const step = text.replace(/[\d.,]+/g, '');
    if (this.#told.get(name) === step) return;
    this.#told.set(name, step);
    process.stderr.write(`${name}: ${text}\n`);
  }

  /** A whole line that stays. */
  line(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
    if (this.#terminal) this.#draw();
  }

  end(): void {
    this.#clear();
    this.#texts.clear();
  }

  #draw(): void {
    this.#clear();
    if (this.#texts.size === 0) return;
    const line = [...this.#texts].map(([name, text]) => `${name}: ${text}`).join('   ');
    process.stderr.write(line.slice(0, (process.stderr.columns || 80) - 1));
    this.#shown = true;
  }

  #clear(): void {
    if (this.#shown) process.stderr.write('\r\u001b[2K');
    this.#shown = false;
  }
}
