/** The lists and messages that are on the screen, changed in place: by the person's own deeds at once, and by what the event stream tells. */
import type { QueryClient } from '@tanstack/react-query';
import type { Mailbox } from '../../lib/mailboxes.ts';
import {
  type FlagChange,
  type ListedMessage,
  type Message,
  type MessagePage,
  type MessagePages,
  messageQuery,
  readPage,
} from './api.ts';

const listKey = ['webmail', 'list'] as const;
/** At most so many new messages are put on top one by one; more is a list to be read anew. */
const newestAtOnce = 25;

function eachList(client: QueryClient, change: (pages: MessagePages) => MessagePages): void {
  client.setQueriesData<MessagePages>({ queryKey: listKey }, (pages) => (pages === undefined ? pages : change(pages)));
}

function mapPages(pages: MessagePages, map: (page: MessagePage) => MessagePage): MessagePages {
  return { ...pages, pages: pages.pages.map(map) };
}

/** Takes messages out of every list. */
export function dropMessages(client: QueryClient, mailbox: string, ids: readonly number[]): void {
  const gone = new Set(ids);
  eachList(client, (pages) => {
    const isGone = (one: ListedMessage): boolean => one.mailbox === mailbox && gone.has(one.id);
    const count = pages.pages.reduce((sum, page) => sum + page.results.filter(isGone).length, 0);
    if (count === 0) return pages;
    return mapPages(pages, (page) => ({
      ...page,
      total: Math.max(0, page.total - count),
      results: page.results.filter((one) => !isGone(one)),
    }));
  });
}

/** Changes flags in lists and in the open message. */
export function setFlags(
  client: QueryClient,
  mailbox: string,
  ids: readonly number[],
  change: FlagChange & Partial<Pick<ListedMessage, 'answered' | 'forwarded' | 'draft'>>,
): void {
  const changed = new Set(ids);
  eachList(client, (pages) =>
    mapPages(pages, (page) =>
      page.results.some((one) => one.mailbox === mailbox && changed.has(one.id))
        ? {
            ...page,
            results: page.results.map((one) => (one.mailbox === mailbox && changed.has(one.id) ? { ...one, ...change } : one)),
          }
        : page,
    ),
  );
  for (const id of ids)
    client.setQueryData<Message>(messageQuery(mailbox, id).queryKey, (message) =>
      message === undefined ? message : { ...message, ...change },
    );
}

/** Numbers beside the mailboxes. */
export function setCounters(client: QueryClient, user: string, mailbox: string, total: number, unseen: number): void {
  client.setQueryData<readonly Mailbox[]>(['mailboxes', user], (mailboxes) =>
    mailboxes?.map((one) => (one.id === mailbox ? { ...one, total, unseen } : one)),
  );
}

/** Puts what has newly arrived on top of a mailbox's list, which keeps its other pages. */
export async function addNewest(client: QueryClient, mailbox: string): Promise<void> {
  const key = [...listKey, mailbox, ''];
  if (client.getQueryData<MessagePages>(key) === undefined) return;
  const fresh = await readPage(mailbox, '', newestAtOnce);
  const known = new Set(client.getQueryData<MessagePages>(key)?.pages.flatMap(({ results }) => results.map(({ id }) => id)));
  const added = fresh.results.filter(({ id }) => !known.has(id));
  if (added.length === newestAtOnce) {
    await client.invalidateQueries({ queryKey: key });
    return;
  }
  client.setQueryData<MessagePages>(key, (pages) => {
    const [first, ...rest] = pages?.pages ?? [];
    if (pages === undefined || first === undefined) return pages;
    return {
      ...pages,
      pages: [{ ...first, total: fresh.total, results: [...added, ...first.results] }, ...rest],
    };
  });
}
