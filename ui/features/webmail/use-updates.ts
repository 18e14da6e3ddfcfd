/** Follows what happens to one's own mail, as it happens: new messages, flags, counters, mailboxes. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { z } from 'zod';
import { mailboxesQuery } from '../../lib/mailboxes.ts';
import { meQuery } from '../../lib/me.ts';
import { apiPath } from '../../lib/request.ts';
import { addNewest, dropMessages, setCounters, setFlags } from './caches.ts';

const eventSchema = z.discriminatedUnion('command', [
  z.looseObject({ command: z.literal('EXISTS'), mailbox: z.string(), uid: z.number(), unseen: z.boolean() }),
  z.looseObject({ command: z.literal('EXPUNGE'), mailbox: z.string(), uid: z.number() }),
  z.looseObject({ command: z.literal('FETCH'), mailbox: z.string(), uid: z.number(), flags: z.array(z.string()) }),
  z.looseObject({ command: z.literal('COUNTERS'), mailbox: z.string(), total: z.number(), unseen: z.number() }),
  z.looseObject({ command: z.enum(['CREATE', 'RENAME', 'DELETE']), mailbox: z.string() }),
]);
type Update = z.output<typeof eventSchema>;

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** Many messages of one moment are one look at the list. */
const gatherMs = 150;

export function useUpdates(user: string, onNew: (mailbox: string) => void): void {
  const client = useQueryClient();
  useEffect(() => follow(client, user, onNew), [client, user, onNew]);
}

/** @returns the function that ends it */
function follow(client: QueryClient, user: string, onNew: (mailbox: string) => void): () => void {
  let source: EventSource | undefined;
  let timer: number | undefined;
  let gathering: number | undefined;
  let pauseMs = firstPauseMs;
  let lost = false;
  const grown = new Set<string>();

  const readGrown = (): void => {
    gathering = undefined;
    for (const mailbox of grown) void addNewest(client, mailbox);
    grown.clear();
  };
  const take = (event: Update): void => {
    switch (event.command) {
      case 'EXISTS':
        grown.add(event.mailbox);
        gathering ??= window.setTimeout(readGrown, gatherMs);
        if (event.unseen) onNew(event.mailbox);
        return;
      case 'EXPUNGE':
        return dropMessages(client, event.mailbox, [event.uid]);
      case 'FETCH': {
        const has = (flag: string): boolean => event.flags.includes(flag);
        return setFlags(client, event.mailbox, [event.uid], {
          seen: has('\\Seen'),
          flagged: has('\\Flagged'),
          draft: has('\\Draft'),
          answered: has('\\Answered'),
          forwarded: has('$Forwarded'),
        });
      }
      case 'COUNTERS':
        return setCounters(client, user, event.mailbox, event.total, event.unseen);
      default:
        void client.invalidateQueries({ queryKey: mailboxesQuery(user).queryKey });
    }
  };
  const open = (): void => {
    source = new EventSource(apiPath('/api/users/me/updates'));
    source.addEventListener('open', () => {
      pauseMs = firstPauseMs;
      if (!lost) return;
      lost = false;
      void client.invalidateQueries({ queryKey: ['webmail', 'list'] });
      void client.invalidateQueries({ queryKey: mailboxesQuery(user).queryKey });
    });
    source.addEventListener('message', (message: MessageEvent<string>) => {
      const event = tryUpdate(message.data);
      if (event !== undefined) take(event);
    });
    source.addEventListener('error', () => {
      // The browser gives up on an HTTP error, so trying again is done here.
      source?.close();
      if (!lost) {
        lost = true;
        // Perhaps the session has ended: asking tells.
        void client.invalidateQueries({ queryKey: meQuery.queryKey, exact: true });
      }
      timer = window.setTimeout(open, pauseMs);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    });
  };
  open();
  return () => {
    window.clearTimeout(timer);
    window.clearTimeout(gathering);
    source?.close();
  };
}

function tryUpdate(data: string): Update | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(data)).data;
  } catch {
    // Not JSON: a newer server's event that this page does not know.
    return undefined;
  }
}
