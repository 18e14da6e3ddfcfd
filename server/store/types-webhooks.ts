/** Web hooks: who is told of what, and what is on its way to them. */

export type WebhookFields = {
  /** Event types, lower case; `*` = all, `user.*` = all of that kind. */
  readonly type: readonly string[];
  /** Only events of this user. */
  readonly user: string | null;
  readonly url: string;
};

/** One event for one hook, kept until it is delivered or given up. */
export type WebhookDeliveryFields = {
  readonly hook: string;
  readonly url: string;
  /** JSON, as it is sent: a retry sends the same bytes. */
  readonly payload: string;
  readonly event: string;
  readonly attempts: number;
  readonly next: Date;
  /** A worker has it in hand until then. */
  readonly lease: Date;
  readonly lastError?: string;
  readonly expires: Date;
};
