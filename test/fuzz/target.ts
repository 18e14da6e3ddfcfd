/** What `npm run fuzz` runs: a target takes random input for as long as it is told, and throws when its subject breaks a promise. */
import type { Random } from './random.ts';

export type FuzzTarget = {
  readonly name: string;
  /** Prepares servers and the like; answers one round and the end. */
  readonly open: () => Promise<OpenTarget>;
};

export type OpenTarget = {
  /** One input. Throws `FuzzFailure` (or anything) when a promise is broken. */
  readonly round: (random: Random) => Promise<void> | void;
  readonly close: () => Promise<void>;
};

/** A broken promise, with the input that broke it, as a binary string. */
export class FuzzFailure extends Error {
  readonly input: string;

  constructor(message: string, input: string, options?: { cause?: unknown }) {
    super(message, options);
    this.input = input;
  }
}
