/** Fixed-size keys with a number each, in a few octets per entry: what a backup knows of a million messages must fit into the memory of a small computer. */
/** Of an ObjectId, and of a SHA-256 (octets). */
export const ID_BYTES = 12;
export const HASH_BYTES = 32;

export class IdTable {
  readonly #width: number;
  #keys: Buffer;
  #values: Uint32Array;
  #mask: number;
  size = 0;

  /** @param width octets of a key, whose first four are as good as random or are made so */
  constructor(width: number) {
    this.#width = width;
    this.#mask = 1023;
    this.#keys = Buffer.alloc(1024 * width);
    this.#values = new Uint32Array(1024);
  }

  get(key: Uint8Array): number | undefined {
    const value = this.#values[this.#slot(key)] ?? 0;
    return value === 0 ? undefined : value - 1;
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined;
  }

  /** @param value from 0 to 2³² − 2. @returns whether the key is new */
  set(key: Uint8Array, value: number): boolean {
    if (this.size * 2 > this.#mask) this.#grow();
    const slot = this.#slot(key);
    const fresh = this.#values[slot] === 0;
    if (fresh) {
      this.#keys.set(key, slot * this.#width);
      this.size += 1;
    }
    this.#values[slot] = value + 1;
    return fresh;
  }

  *entries(): Generator<{ readonly key: Buffer; readonly value: number }> {
    for (let slot = 0; slot <= this.#mask; slot += 1) {
      const value = this.#values[slot] ?? 0;
      if (value !== 0) yield { key: this.#keyAt(slot), value: value - 1 };
    }
  }

  #keyAt(slot: number): Buffer {
    return this.#keys.subarray(slot * this.#width, (slot + 1) * this.#width);
  }

  /** Where the key is, or where it would go. */
  #slot(key: Uint8Array): number {
    let hash = 0x811c9dc5;
    for (const octet of key) hash = Math.imul(hash ^ octet, 0x01000193);
    for (let slot = (hash ^ (hash >>> 15)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#values[slot] === 0 || this.#keyAt(slot).equals(key)) return slot;
    }
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#mask = this.#mask * 2 + 1;
    this.#keys = Buffer.alloc((this.#mask + 1) * this.#width);
    this.#values = new Uint32Array(this.#mask + 1);
    this.size = 0;
    for (let slot = 0; slot < values.length; slot += 1) {
      const value = values[slot] ?? 0;
      if (value !== 0) this.set(keys.subarray(slot * this.#width, (slot + 1) * this.#width), value - 1);
    }
  }
}
