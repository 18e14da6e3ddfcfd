/** What a mailbox is called for people: those with a purpose by their purpose, in the person's language. */
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { type Mailbox, specialOf } from '../../lib/mailboxes.ts';

export function useMailboxName(): (mailbox: Pick<Mailbox, 'path' | 'specialUse'>) => string {
  const { t } = useTranslation();
  return useCallback(
    (mailbox) => {
      const special = specialOf(mailbox);
      return special === undefined ? mailbox.path : t(`mailbox.${special}`);
    },
    [t],
  );
}
