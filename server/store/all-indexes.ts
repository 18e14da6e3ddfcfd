/** Every index of the database: made when a worker starts, and before a restore fills it. */
import { ACCOUNT_INDEXES } from './account-indexes.ts';
import { ADMIN_INDEXES } from './admin-tables.ts';
import { ANNOTATION_INDEXES } from './annotations.ts';
import { EXTERNAL_INDEXES } from './external-tables.ts';
import { FLOW_INDEXES } from './flow-tables.ts';
import { GREYLIST_INDEXES } from './greylist.ts';
import { INDEXES, type IndexEntry } from './indexes.ts';
import { MAIL_RECORD_INDEXES } from './mail-record-indexes.ts';
import { QUEUE_INDEXES } from './queue-indexes.ts';
import { SIEVE_INDEXES } from './sieve-tables.ts';
import { SPAM_WORD_INDEXES } from './spam-words.ts';
import { STS_INDEXES } from './sts-policies.ts';
import { USAGE_INDEXES } from './usage.ts';

export const ALL_INDEXES: readonly IndexEntry[] = [
  ...INDEXES,
  ...ANNOTATION_INDEXES,
  ...ACCOUNT_INDEXES,
  ...MAIL_RECORD_INDEXES,
  ...ADMIN_INDEXES,
  ...QUEUE_INDEXES,
  ...FLOW_INDEXES,
  ...EXTERNAL_INDEXES,
  ...SIEVE_INDEXES,
  ...STS_INDEXES,
  ...USAGE_INDEXES,
  ...GREYLIST_INDEXES,
  ...SPAM_WORD_INDEXES,
];
