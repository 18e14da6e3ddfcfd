/** Seeded randomness and mutation for fuzzing: the same seed gives the same run. */

export type Random = {
  /** 0 ≤ x < 1 */
  readonly next: () => number;
  /** 0 … limit - 1 */
  readonly below: (limit: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
};

/** mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
  };
}

/** A few random edits: cut, repeat, swap in a piece of `spice`, flip a byte. Binary strings in and out. */
export function mutate(random: Random, text: string, spice: readonly string[]): string {
  let result = text;
  for (let edits = random.below(4); edits >= 0; edits -= 1) {
    const at = random.below(result.length + 1);
    const length = random.below(8);
    switch (random.below(5)) {
      case 0:
        result = result.slice(0, at) + result.slice(at + length);
        break;
      case 1:
        result = result.slice(0, at) + result.slice(at, at + length).repeat(1 + random.below(20)) + result.slice(at);
        break;
      case 2:
      case 3:
        result = result.slice(0, at) + random.pick(spice) + result.slice(at);
        break;
      default:
        result = result.slice(0, at) + String.fromCharCode(random.below(256)) + result.slice(at + 1);
    }
  }
  return result;
}

/** The bytes in random pieces, as a network may deliver them. */
export function* chunked(random: Random, bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(random.next() < 0.5 ? 3 : 64);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
