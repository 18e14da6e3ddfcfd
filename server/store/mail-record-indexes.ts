/** Indexes of what is kept beside messages. */
import type { IndexEntry } from './indexes.ts';

export const MAIL_RECORD_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'messageNotes',
    name: 'message',
    key: { user: 1, content: 1 },
    options: { unique: true },
    reason: 'The note of each message in a list; one per content and user.',
  },
  {
    collection: 'messageNotes',
    name: 'expiry',
    key: { expires: 1 },
    options: { partialFilterExpression: { expires: { $type: 'date' } } },
    reason: 'Messages whose time is over.',
  },
  { collection: 'files', name: 'user', key: { user: 1, _id: 1 }, reason: 'The stored files of a user.' },
  {
    collection: 'messages',
    name: 'archived',
    key: { user: 1, _id: 1 },
    options: { partialFilterExpression: { expungedAt: { $exists: true } } },
    reason: 'Deleted messages of a user that can be restored.',
  },
  {
    collection: 'messages',
    name: 'released',
    key: { released: 1, expungedAt: 1 },
    options: { partialFilterExpression: { released: { $exists: true } } },
    reason: 'The sweeper takes what is not kept to be restored.',
  },
  { collection: 'journal', name: 'feed', key: { user: 1, at: 1 }, reason: 'Listeners that resume from an event.' },
];
