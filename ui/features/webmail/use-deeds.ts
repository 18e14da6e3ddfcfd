/** What is done with messages: seen at once on the screen, taken back when the server refuses, and undone by one click where that is possible. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { faultOf } from '../../lib/fault.ts';
import { useFaultWords } from '../../lib/fault-words.ts';
import { notifyFailed } from '../../lib/notify.ts';
import { changeFlags, deleteMessages, type FlagChange, type ListedMessage, moveMessages } from './api.ts';
import { addNewest, dropMessages, setFlags } from './caches.ts';
import { notifyUndo } from './notify-undo.tsx';

export type Ref = Pick<ListedMessage, 'mailbox' | 'id'>;

export interface Deeds {
  readonly flag: (messages: readonly Ref[], change: FlagChange) => void;
  /** `words` say what was done, for the notice with the undo button. */
  readonly move: (messages: readonly Ref[], target: string, words: string) => void;
  readonly deleteForGood: (messages: readonly Ref[]) => void;
}

export function useDeeds(): Deeds {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = useFaultWords();
  const failed = useCallback(
    (error: unknown): void => {
      const fault = faultOf(error);
      notifyFailed(t('webmail.failed'), `${words(fault).what} ${words(fault).advice}`);
      void client.invalidateQueries({ queryKey: ['webmail', 'list'] });
    },
    [client, t, words],
  );
  return useMemo(() => {
    const inTurn = async (messages: readonly Ref[], deed: (mailbox: string, ids: readonly number[]) => Promise<void>) => {
      try {
        for (const [mailbox, ids] of byMailbox(messages)) await deed(mailbox, ids);
      } catch (error) {
        failed(error);
      }
    };
    return {
      flag: (messages, change) => {
        for (const [mailbox, ids] of byMailbox(messages)) setFlags(client, mailbox, ids, change);
        void inTurn(messages, (mailbox, ids) => changeFlags(mailbox, ids, change));
      },
      move: (messages, target, done) => {
        const back: { readonly mailbox: string; readonly ids: readonly number[] }[] = [];
        for (const [mailbox, ids] of byMailbox(messages)) dropMessages(client, mailbox, ids);
        const undo = async (): Promise<void> => {
          for (const { ids } of back) dropMessages(client, target, ids);
          try {
            for (const { mailbox, ids } of back) {
              await moveMessages(target, ids, mailbox);
              // They come back as the newest by number, though not by date: the list is read anew.
              await client.invalidateQueries({ queryKey: ['webmail', 'list', mailbox] });
            }
          } catch (error) {
            failed(error);
          }
        };
        const move = async (): Promise<void> => {
          await inTurn(messages, async (mailbox, ids) => {
            back.push({ mailbox, ids: await moveMessages(mailbox, ids, target) });
          });
          if (back.length === 0) return;
          void addNewest(client, target);
          notifyUndo(done, t('webmail.undo'), () => void undo());
        };
        void move();
      },
      deleteForGood: (messages) => {
        for (const [mailbox, ids] of byMailbox(messages)) dropMessages(client, mailbox, ids);
        void inTurn(messages, deleteMessages);
      },
    };
  }, [client, failed, t]);
}

function byMailbox(messages: readonly Ref[]): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const { mailbox, id } of messages) groups.set(mailbox, [...(groups.get(mailbox) ?? []), id]);
  return groups;
}
