/** The life of a message as it is kept for people who ask where their mail is. */
import type { Page, PageRequest } from './types-page.ts';

/** What is known of the message, told by whichever step knows it. */
export type TraceFacts = {
  readonly service?: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly user?: string;
  readonly ip?: string;
  readonly hello?: string;
  readonly protocol?: string;
  readonly tls?: string;
  readonly messageId?: string;
  readonly subject?: string;
  readonly sizeBytes?: number;
};

export type TraceStep = { readonly at: Date; readonly kind: string; readonly [field: string]: unknown };

export type TraceRecord = TraceFacts & {
  readonly transaction: string;
  readonly at: Date;
  /** Oldest first; the newest few hundred. */
  readonly steps: readonly TraceStep[];
};

export type TraceSearch = {
  /** Sender or recipient; a whole address or a domain. */
  readonly address?: string;
  readonly messageId?: string;
  /** Of a queue entry. */
  readonly queueId?: string;
  readonly transaction?: string;
  readonly ip?: string;
  readonly user?: string;
  /** Part of it, without regard to case. */
  readonly subject?: string;
  readonly after?: Date;
  readonly before?: Date;
};

/** What is added to a trace; the first addition makes it. */
export type TraceAddition = {
  readonly transaction: string;
  readonly at: Date;
  readonly facts: TraceFacts;
  /** What the trace is found by, lower case. */
  readonly keys: readonly string[];
  readonly steps: readonly TraceStep[];
};

export type TraceStore = {
  /** Not journaled: a crash of the database may cost the last moments of the trace, never mail. */
  readonly add: (additions: readonly TraceAddition[], keepMs: number) => Promise<void>;
  readonly get: (transaction: string) => Promise<TraceRecord | undefined>;
  /** Newest first. */
  readonly search: (search: TraceSearch, request: PageRequest) => Promise<Page<TraceRecord>>;
};
