/**
 * A bounded amount (of bytes, of places) that many take from and give back. Waiting is first come, first served and bounded in time, so that too much work
 * becomes a clear "later" instead of memory.
 */
export class Budget {
  readonly #limit: number;
  readonly #queue: { amount: number; grant: () => void }[] = [];
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes without waiting; false when there is not enough or others wait already. A single taker may always have the whole, whatever it asks. */
  tryTake(amount: number): boolean {
    if (this.#queue.length > 0 || !this.#fits(amount)) return false;
    this.#used += amount;
    return true;
  }

  /** Waits for its turn up to `timeoutMs`; false = not taken. */
  take(amount: number, timeoutMs: number): Promise<boolean> {
    if (this.tryTake(amount)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const entry = {
        amount,
        grant: (): void => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const timer = setTimeout(() => {
        this.#queue.splice(this.#queue.indexOf(entry), 1);
        resolve(false);
        this.#serve();
      }, timeoutMs);
      this.#queue.push(entry);
    });
  }

  giveBack(amount: number): void {
    this.#used -= amount;
    this.#serve();
  }

  #fits(amount: number): boolean {
    return this.#used === 0 || this.#used + amount <= this.#limit;
  }

  #serve(): void {
    for (let first = this.#queue[0]; first !== undefined && this.#fits(first.amount); first = this.#queue[0]) {
      this.#queue.shift();
      this.#used += first.amount;
      first.grant();
    }
  }
}
