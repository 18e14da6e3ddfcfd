/** The deeds of buttons and keys alike, with their words: what goes where in this person's mailboxes, and what follows on the screen. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Mailbox, specialOf } from '../../lib/mailboxes.ts';
import type { FlagChange, Message } from './api.ts';
import type { Ref } from './use-deeds.ts';
import { useDeeds } from './use-deeds.ts';
import { useMailboxName } from './use-mailbox-name.ts';

export interface Commands {
  readonly flag: (messages: readonly Ref[], change: FlagChange) => void;
  readonly moveTo: (messages: readonly Ref[], target: Mailbox) => void;
  readonly archive: (messages: readonly Ref[]) => void;
  readonly junk: (messages: readonly Ref[]) => void;
  /** Into Trash; what lies in Trash already goes for good, after a question. */
  readonly remove: (messages: readonly Ref[]) => void;
  readonly canArchive: boolean;
  readonly canJunk: (mailbox: string) => boolean;
  readonly reply: (message: Message, toAll: boolean) => void;
  readonly forward: (message: Message) => void;
  readonly editDraft: (message: Message) => void;
}

export interface CommandParts {
  readonly mailboxes: readonly Mailbox[];
  /** The messages are about to leave the list: what is open goes to the next one. */
  readonly onLeaving: (messages: readonly Ref[]) => void;
  readonly onAskDelete: (messages: readonly Ref[]) => void;
  readonly onReply: (message: Message, toAll: boolean) => void;
  readonly onForward: (message: Message) => void;
  readonly onEditDraft: (message: Message) => void;
}

export function useCommands(parts: CommandParts): Commands {
  const { t } = useTranslation();
  const deeds = useDeeds();
  const nameOf = useMailboxName();
  const { mailboxes, onLeaving, onAskDelete, onReply, onForward, onEditDraft } = parts;
  return useMemo(() => {
    const special = (name: string): Mailbox | undefined => mailboxes.find((mailbox) => specialOf(mailbox) === name);
    const move = (messages: readonly Ref[], target: Mailbox | undefined): void => {
      const leaving = messages.filter(({ mailbox }) => mailbox !== target?.id);
      if (target === undefined || leaving.length === 0) return;
      onLeaving(leaving);
      deeds.move(leaving, target.id, t('webmail.moved', { count: leaving.length, name: nameOf(target) }));
    };
    return {
      flag: deeds.flag,
      moveTo: move,
      archive: (messages) => move(messages, special('archive')),
      junk: (messages) => move(messages, special('junk')),
      remove: (messages) => {
        const trash = special('trash');
        if (trash === undefined || messages.every(({ mailbox }) => mailbox === trash.id)) onAskDelete(messages);
        else move(messages, trash);
      },
      canArchive: special('archive') !== undefined,
      canJunk: (mailbox) => special('junk') !== undefined && special('junk')?.id !== mailbox,
      reply: onReply,
      forward: onForward,
      editDraft: onEditDraft,
    };
  }, [deeds, mailboxes, nameOf, onAskDelete, onEditDraft, onForward, onLeaving, onReply, t]);
}
