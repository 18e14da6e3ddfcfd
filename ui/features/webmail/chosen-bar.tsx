/** What can be done with all chosen messages at once. */
import { ActionIcon, Menu, Text, Tooltip } from '@mantine/core';
import {
  IconArchive,
  IconFolderSymlink,
  IconMail,
  IconMailOpened,
  IconStar,
  IconTrash,
  IconX,
  type Icon,
} from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { Mailbox } from '../../lib/mailboxes.ts';
import type { ListedMessage } from './api.ts';
import type { Commands } from './use-commands.ts';
import { useMailboxName } from './use-mailbox-name.ts';
import classes from './webmail.module.css';

interface ChosenBarProps {
  readonly messages: readonly ListedMessage[];
  readonly mailboxes: readonly Mailbox[];
  readonly commands: Commands;
  readonly onNone: () => void;
}

export function ChosenBar({ messages, mailboxes, commands, onNone }: ChosenBarProps): ReactElement {
  const { t } = useTranslation();
  const nameOf = useMailboxName();
  const anyUnseen = messages.some(({ seen }) => !seen);
  const anyPlain = messages.some(({ flagged }) => !flagged);
  return (
    <div className={classes['bar']} role="toolbar" aria-label={t('webmail.withChosen')}>
      <Act label={t('webmail.chooseNone')} icon={IconX} onClick={onNone} />
      <Text size="sm" fw={600} flex={1} role="status">
        {t('webmail.chosen', { count: messages.length })}
      </Text>
      <Act
        label={t(anyUnseen ? 'webmail.markSeen' : 'webmail.markUnseen')}
        icon={anyUnseen ? IconMailOpened : IconMail}
        onClick={() => commands.flag(messages, { seen: anyUnseen })}
      />
      <Act
        label={t(anyPlain ? 'webmail.flag' : 'webmail.unflag')}
        icon={IconStar}
        onClick={() => commands.flag(messages, { flagged: anyPlain })}
      />
      {commands.canArchive && <Act label={t('webmail.archive')} icon={IconArchive} onClick={() => commands.archive(messages)} />}
      <Menu position="bottom-end" withArrow>
        <Menu.Target>
          <Tooltip label={t('webmail.moveTo')}>
            <ActionIcon variant="subtle" color="gray" aria-label={t('webmail.moveTo')}>
              <IconFolderSymlink size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
          {mailboxes.map((target) => (
            <Menu.Item key={target.id} onClick={() => commands.moveTo(messages, target)}>
              {nameOf(target)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Act label={t('webmail.delete')} icon={IconTrash} onClick={() => commands.remove(messages)} />
    </div>
  );
}

function Act({ label, icon: IconOf, onClick }: { label: string; icon: Icon; onClick: () => void }): ReactElement {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        <IconOf size={18} stroke={1.7} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
