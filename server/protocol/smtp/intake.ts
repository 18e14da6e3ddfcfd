/**
 * A message while it is being received: its bytes, bounded by the message limit and by the memory that all messages in flight may take together.
 * Beyond either the bytes so far are let go and the rest is only counted, so that the client still gets its proper reply at the end.
 */
import type { Budget } from '../../base/budget.ts';

export type IntakeOptions = {
  readonly budget: Budget;
  readonly maxMessageBytes: number;
  /** How long to wait for memory. */
  readonly waitMs: number;
};

export type IntakeFault = 'too-big' | 'no-memory';

/** Pieces from this size on are kept as they came; smaller ones are copied together, or their bookkeeping would outweigh them. */
const KEEP_BYTES = 16 * 1024;
const BLOCK_BYTES = 64 * 1024;
/** Memory is asked for in steps, declared sizes at once. */
const STEP_BYTES = 512 * 1024;
const FIRST_STEP_BYTES = 64 * 1024;

export class Intake {
  readonly #options: IntakeOptions;
  #pieces: Buffer[] = [];
  #block: Buffer | undefined;
  #blockUsed = 0;
  #reserved = 0;
  #held = 0;
  #received = 0;
  #fault: IntakeFault | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** All octets that came, also those that were let go. */
  get receivedBytes(): number {
    return this.#received;
  }

  get fault(): IntakeFault | undefined {
    return this.#fault;
  }

  /** Waits for memory for a message of the declared size (0 = unknown). */
  async reserve(declaredBytes: number): Promise<void> {
    const wanted = Math.max(FIRST_STEP_BYTES, Math.min(declaredBytes, this.#options.maxMessageBytes));
    await this.#grow(wanted);
  }

  /** Takes a piece; the intake owns it from now on. Faults are remembered, not thrown. */
  async add(bytes: Buffer): Promise<void> {
    this.#received += bytes.length;
    if (this.#fault !== undefined) return;
    if (this.#received > this.#options.maxMessageBytes) {
      this.#fail('too-big');
      return;
    }
    if (this.#held + bytes.length > this.#reserved) {
      await this.#grow(Math.max(STEP_BYTES, bytes.length));
      if (this.#fault !== undefined) return;
    }
    this.#held += bytes.length;
    this.#keep(bytes);
  }

  /** The message with `head` before it, in one Buffer. The memory stays reserved until `discard`. */
  join(head: Buffer): Buffer {
    this.#closeBlock();
    const whole = Buffer.allocUnsafe(head.length + this.#held);
    head.copy(whole);
    let at = head.length;
    for (const piece of this.#pieces) at += piece.copy(whole, at);
    this.#pieces = [];
    return whole;
  }

  /** Gives all memory back. Idempotent. */
  discard(): void {
    this.#pieces = [];
    this.#block = undefined;
    this.#held = 0;
    if (this.#reserved > 0) this.#options.budget.giveBack(this.#reserved);
    this.#reserved = 0;
  }

  #fail(fault: IntakeFault): void {
    this.#fault = fault;
    this.discard();
  }

  async #grow(bytes: number): Promise<void> {
    const taken = await this.#options.budget.take(bytes, this.#options.waitMs);
    if (taken) this.#reserved += bytes;
    else this.#fail('no-memory');
  }

  #keep(bytes: Buffer): void {
    if (bytes.length >= KEEP_BYTES) {
      this.#closeBlock();
      this.#pieces.push(bytes);
      return;
    }
    if (this.#block !== undefined && this.#blockUsed + bytes.length > this.#block.length) this.#closeBlock();
    // The first block is small: most messages are.
    this.#block ??= Buffer.allocUnsafe(this.#pieces.length === 0 ? KEEP_BYTES : BLOCK_BYTES);
    bytes.copy(this.#block, this.#blockUsed);
    this.#blockUsed += bytes.length;
  }

  #closeBlock(): void {
    if (this.#block !== undefined) this.#pieces.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = undefined;
    this.#blockUsed = 0;
  }
}
