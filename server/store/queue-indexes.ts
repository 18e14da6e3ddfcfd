/** Indexes of the outgoing queue; the same form and purpose as `indexes.ts`. */
import type { IndexEntry } from './indexes.ts';

export const QUEUE_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'queue',
    name: 'due',
    key: { state: 1, next: 1, destination: 1 },
    reason: 'Workers take what is due longest, passing over busy destinations without reading their entries.',
  },
  {
    collection: 'queue',
    name: 'content',
    key: { content: 1 },
    reason: 'The sweeper asks whether an entry still refers to a content.',
  },
  {
    collection: 'queue',
    name: 'inHand',
    key: { destination: 1, next: 1 },
    options: { partialFilterExpression: { lease: { $exists: true } } },
    reason: 'How many messages to one destination all workers together are sending.',
  },
  { collection: 'queue', name: 'message', key: { message: 1 }, reason: 'Commits and shows the entries of one message.' },
  {
    collection: 'queueCommits',
    name: 'key',
    key: { key: 1 },
    options: { unique: true, partialFilterExpression: { key: { $exists: true } } },
    reason: 'What is enqueued with a key is enqueued once.',
  },
  {
    collection: 'queueCommits',
    name: 'age',
    key: { created: 1 },
    options: { expireAfterSeconds: 7 * 24 * 3600 },
    reason: 'Commit records are of no use after a week.',
  },
];
