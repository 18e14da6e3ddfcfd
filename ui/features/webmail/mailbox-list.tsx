/** The mailboxes with what is unread in them, and the way to write. */
import { Badge, Button, Popover, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  IconArchive,
  IconFolder,
  IconFolderPlus,
  IconInbox,
  IconPencil,
  IconPencilPlus,
  IconSend,
  IconTrash,
  IconUrgent,
  type Icon,
} from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';
import { type Mailbox, mailboxesQuery, specialOf, type SpecialName } from '../../lib/mailboxes.ts';
import { createMailbox } from './api.ts';
import { useMailboxName } from './use-mailbox-name.ts';
import classes from './webmail.module.css';

const icons: Readonly<Record<SpecialName, Icon>> = {
  inbox: IconInbox,
  drafts: IconPencil,
  sent: IconSend,
  archive: IconArchive,
  junk: IconUrgent,
  trash: IconTrash,
};

interface MailboxListProps {
  readonly user: string;
  readonly mailboxes: readonly Mailbox[] | undefined;
  readonly fault: Fault | null;
  /** The open one's id; undefined while a search is shown. */
  readonly open: string | undefined;
  readonly onCompose: () => void;
  readonly onChosen?: () => void;
}

export function MailboxList({ user, mailboxes, fault, open, onCompose, onChosen }: MailboxListProps): ReactElement {
  const { t } = useTranslation();
  const { number } = useFormats();
  const nameOf = useMailboxName();
  return (
    <>
      <Button leftSection={<IconPencilPlus size={17} aria-hidden />} onClick={onCompose}>
        {t('webmail.compose')}
      </Button>
      <nav aria-label={t('webmail.mailboxes')}>
        {mailboxes === undefined ? (
          fault === null ? (
            <Skeleton height={180} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={fault} />
          )
        ) : (
          mailboxes.map((mailbox) => {
            const special = specialOf(mailbox);
            const IconOf = special === undefined ? IconFolder : icons[special];
            // Drafts are counted whole: an unread draft is none.
            const count = special === 'drafts' ? (mailbox.total ?? 0) : special === 'sent' ? 0 : (mailbox.unseen ?? 0);
            const depth = special === undefined ? mailbox.path.split('/').length - 1 : 0;
            const label = t(special === 'drafts' ? 'webmail.drafts' : 'webmail.unseen', { count, formatted: number(count) });
            return (
              <Link
                key={mailbox.id}
                to="/me/mail"
                search={{ box: mailbox.id }}
                className={classes['box'] ?? ''}
                aria-current={mailbox.id === open ? 'page' : undefined}
                style={depth === 0 ? undefined : { paddingLeft: 10 + 14 * Math.min(depth, 6) }}
                onClick={() => onChosen?.()}
              >
                <IconOf size={18} stroke={1.7} aria-hidden />
                <span className={classes['boxName']}>{depth === 0 ? nameOf(mailbox) : mailbox.name}</span>
                {count > 0 && (
                  <Badge size="sm" variant="light" color={special === 'inbox' ? 'mallard' : 'gray'} aria-label={label}>
                    {number(count)}
                  </Badge>
                )}
              </Link>
            );
          })
        )}
      </nav>
      <NewMailbox user={user} />
    </>
  );
}

function NewMailbox({ user }: { user: string }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [opened, setOpened] = useState(false);
  const [path, setPath] = useState('');
  const create = useMutation({
    mutationFn: () => createMailbox(path.trim()),
    onSuccess: async () => {
      setOpened(false);
      setPath('');
      await client.invalidateQueries({ queryKey: mailboxesQuery(user).queryKey });
    },
  });
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" withArrow trapFocus shadow="md" width={280}>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          justify="flex-start"
          px={10}
          leftSection={<IconFolderPlus size={17} aria-hidden />}
          onClick={() => setOpened(!opened)}
        >
          {t('webmail.newMailbox')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('webmail.newMailbox')}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate();
          }}
        >
          <Stack gap="xs">
            <TextInput
              label={t('webmail.newMailbox')}
              description={t('webmail.newMailboxHelp')}
              value={path}
              onChange={(event) => setPath(event.currentTarget.value)}
              maxLength={200}
              data-autofocus
            />
            {create.error !== null && (
              <Text size="sm" c="var(--mantine-color-error)" role="alert">
                {faultOf(create.error).message}
              </Text>
            )}
            <Button type="submit" size="xs" loading={create.isPending} disabled={path.trim() === ''}>
              {t('webmail.create')}
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
