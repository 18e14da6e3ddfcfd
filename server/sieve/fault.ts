/** What is wrong with a script, or stopped it: a sentence for the person who wrote it, and the line. */
export class SieveFault extends Error {
  /** From 1. */
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = 'SieveFault';
    this.line = line;
  }
}
