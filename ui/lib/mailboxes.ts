/** The mailboxes of a person, with their counters, in the order in which people look for them. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from './fault.ts';
import { requestJson } from './request.ts';

const mailboxSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  path: z.string(),
  specialUse: z.string().nullish(),
  total: z.number().optional(),
  unseen: z.number().optional(),
});
export type Mailbox = z.output<typeof mailboxSchema>;

const specialOrder = ['\\Inbox', '\\Drafts', '\\Sent', '\\Archive', '\\Junk', '\\Trash'];
export const specialNames = {
  '\\Inbox': 'inbox',
  '\\Drafts': 'drafts',
  '\\Sent': 'sent',
  '\\Archive': 'archive',
  '\\Junk': 'junk',
  '\\Trash': 'trash',
} as const;
export type SpecialName = (typeof specialNames)[keyof typeof specialNames];

/** What a mailbox is for, when the server says so. */
export function specialOf(mailbox: Pick<Mailbox, 'path' | 'specialUse'>): SpecialName | undefined {
  if (mailbox.path.toUpperCase() === 'INBOX') return 'inbox';
  return specialNames[mailbox.specialUse as keyof typeof specialNames];
}

/** Those with a purpose first, then by path. */
export function sortMailboxes(mailboxes: readonly Mailbox[]): Mailbox[] {
  const rank = (mailbox: Mailbox): number => {
    const at = specialOrder.indexOf(mailbox.path.toUpperCase() === 'INBOX' ? '\\Inbox' : (mailbox.specialUse ?? ''));
    return at === -1 ? specialOrder.length : at;
  };
  return mailboxes.toSorted((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
}

export function mailboxesQuery(user: string) {
  return queryOptions<readonly Mailbox[], Fault>({
    queryKey: ['mailboxes', user],
    queryFn: async ({ signal }) =>
      sortMailboxes(
        (
          await requestJson(z.looseObject({ results: z.array(mailboxSchema) }), 'GET', `/api/users/${user}/mailboxes`, {
            query: { counters: true },
            signal,
          })
        ).results,
      ),
  });
}
