/** Counters of what somebody used in a span of time, as everybody above sees them. */
export type Usage = {
  /** Adds when the sum stays within `limit`; answers whether it did. A single amount above the limit is refused too. */
  readonly take: (who: string, what: string, amount: number, limit: number, spanMs: number) => Promise<boolean>;
  /** Adds whatever the sum is. */
  readonly add: (who: string, what: string, amount: number, spanMs: number) => Promise<void>;
  /** What was used in the span that runs now. */
  readonly used: (who: string, what: string, spanMs: number) => Promise<number>;
};
