/**
 * One message: who, when, what is attached, and its text in a frame that the server fences: nothing runs in it, and nothing is fetched from elsewhere until images
 * are asked for, for this message only.
 */
import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Menu,
  Skeleton,
  Spoiler,
  Text,
  Title,
  Tooltip,
  useComputedColorScheme,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import {
  IconArchive,
  IconArrowBackUp,
  IconArrowBackUpDouble,
  IconArrowForwardUp,
  IconArrowLeft,
  IconDots,
  IconDownload,
  IconEyeOff,
  IconFile,
  IconFolderSymlink,
  IconMail,
  IconPhoto,
  IconStar,
  IconStarFilled,
  IconTrash,
  IconUrgent,
  type Icon,
} from '@tabler/icons-react';
import { type ReactElement, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { useFormats } from '../../lib/format.ts';
import type { Mailbox } from '../../lib/mailboxes.ts';
import { type Address, attachmentUrl, type Message, messageQuery, pageUrl, sourceUrl } from './api.ts';
import { written } from './reply.ts';
import type { Commands } from './use-commands.ts';
import { useMailboxName } from './use-mailbox-name.ts';
import classes from './webmail.module.css';

/** A message counts as read when it was open for so long. */
const readAfterMs = 700;

interface ReaderProps {
  readonly mailbox: string;
  readonly id: number;
  readonly mailboxes: readonly Mailbox[];
  readonly commands: Commands;
  /** Where only one pane is shown: the way back. */
  readonly onBack: (() => void) | undefined;
}

export function Reader({ mailbox, id, mailboxes, commands, onBack }: ReaderProps): ReactElement {
  const { t } = useTranslation();
  const query = useQuery(messageQuery(mailbox, id));
  const message = query.data;
  const { flag } = commands;
  const isUnseen = message?.seen === false;
  useEffect(() => {
    if (!isUnseen) return undefined;
    const timer = window.setTimeout(() => flag([{ mailbox, id }], { seen: true }), readAfterMs);
    return () => window.clearTimeout(timer);
    // Only opening counts: what is set to unread while it is open stays unread.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [mailbox, id, message === undefined]);
  return (
    <section className={classes['reader']} aria-label={t('webmail.message')}>
      {message === undefined ? (
        <div className={classes['head']}>
          {onBack !== undefined && <BackButton onBack={onBack} />}
          {query.error === null ? (
            <Skeleton height={120} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={query.error} title={t('webmail.notLoaded')} onRetry={() => void query.refetch()} />
          )}
        </div>
      ) : (
        <Opened message={message} mailboxes={mailboxes} commands={commands} onBack={onBack} />
      )}
    </section>
  );
}

function BackButton({ onBack }: { onBack: () => void }): ReactElement {
  const { t } = useTranslation();
  return <Act label={t('webmail.back')} icon={IconArrowLeft} onClick={onBack} />;
}

function Act({
  label,
  icon: IconOf,
  onClick,
  keys,
}: {
  label: string;
  icon: Icon;
  onClick: () => void;
  keys?: string;
}): ReactElement {
  return (
    <Tooltip label={keys === undefined ? label : `${label} (${keys})`}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={onClick}>
        <IconOf size={19} stroke={1.7} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

function Opened({
  message,
  mailboxes,
  commands,
  onBack,
}: {
  message: Message;
  mailboxes: readonly Mailbox[];
  commands: Commands;
  onBack: (() => void) | undefined;
}): ReactElement {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const isDark = useComputedColorScheme('light') === 'dark';
  const [images, setImages] = useState<string>();
  const key = `${message.mailbox} ${message.id}`;
  const showsImages = images === key;
  const html = message.html?.join('') ?? '';
  const hasRemote = /<img\b[^>]*\ssrc=["']https?:/i.test(html);
  const isPlain = !/<(?!\/?(?:p|br|a)\b)[a-z]/i.test(html);
  return (
    <>
      <div className={classes['bar']}>
        {onBack !== undefined && <BackButton onBack={onBack} />}
        {message.draft ? (
          <Button size="xs" onClick={() => commands.editDraft(message)}>
            {t('webmail.editDraft')}
          </Button>
        ) : (
          <>
            <Act label={t('webmail.reply')} keys="R" icon={IconArrowBackUp} onClick={() => commands.reply(message, false)} />
            <Act
              label={t('webmail.replyAll')}
              keys="A"
              icon={IconArrowBackUpDouble}
              onClick={() => commands.reply(message, true)}
            />
            <Act label={t('webmail.forward')} keys="F" icon={IconArrowForwardUp} onClick={() => commands.forward(message)} />
          </>
        )}
        <MessageActs message={message} mailboxes={mailboxes} commands={commands} />
      </div>
      <div className={classes['head']}>
        <Title order={2} fz="1.2rem">
          {message.subject === '' ? t('webmail.noSubject') : message.subject}
        </Title>
        <Group justify="space-between" gap="xs" mt={6}>
          <Text size="sm" fw={600}>
            {message.from === undefined ? t('webmail.nobody') : written(message.from)}
          </Text>
          <Text size="sm" c="dimmed">
            {dateTime(message.date)}
          </Text>
        </Group>
        <Recipients label={t('webmail.to')} addresses={message.to} />
        <Recipients label={t('webmail.cc')} addresses={message.cc} />
        <Recipients label={t('webmail.bcc')} addresses={message.bcc} />
        <Attachments message={message} />
        {hasRemote && !showsImages && (
          <Alert color="gray" mt="sm" p="xs" icon={<IconPhoto aria-hidden />}>
            <Group justify="space-between" gap="xs">
              <Text size="sm">{t('webmail.imagesOff')}</Text>
              <Button size="compact-sm" variant="default" onClick={() => setImages(key)}>
                {t('webmail.showImages')}
              </Button>
            </Group>
          </Alert>
        )}
      </div>
      <iframe
        key={key}
        title={t('webmail.text')}
        className={classes['text']}
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
        src={pageUrl(message, { images: showsImages, dark: isDark })}
        {...(isDark && isPlain ? { 'data-dark': true } : {})}
      />
    </>
  );
}

function MessageActs({
  message,
  mailboxes,
  commands,
}: {
  message: Message;
  mailboxes: readonly Mailbox[];
  commands: Commands;
}): ReactElement {
  const { t } = useTranslation();
  const nameOf = useMailboxName();
  const refs = [message];
  return (
    <>
      <span style={{ flex: 1 }} />
      <Act
        label={t(message.flagged ? 'webmail.unflag' : 'webmail.flag')}
        keys="S"
        icon={message.flagged ? IconStarFilled : IconStar}
        onClick={() => commands.flag(refs, { flagged: !message.flagged })}
      />
      {commands.canArchive && (
        <Act label={t('webmail.archive')} keys="E" icon={IconArchive} onClick={() => commands.archive(refs)} />
      )}
      <Act label={t('webmail.delete')} keys="#" icon={IconTrash} onClick={() => commands.remove(refs)} />
      <Menu position="bottom-end" withArrow>
        <Menu.Target>
          <Tooltip label={t('webmail.moveTo')}>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('webmail.moveTo')}>
              <IconFolderSymlink size={19} stroke={1.7} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
          <Menu.Label>{t('webmail.moveTo')}</Menu.Label>
          {mailboxes
            .filter(({ id }) => id !== message.mailbox)
            .map((target) => (
              <Menu.Item key={target.id} onClick={() => commands.moveTo(refs, target)}>
                {nameOf(target)}
              </Menu.Item>
            ))}
        </Menu.Dropdown>
      </Menu>
      <Menu position="bottom-end" withArrow>
        <Menu.Target>
          <Tooltip label={t('webmail.more')}>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('webmail.more')}>
              <IconDots size={19} stroke={1.7} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={message.seen ? <IconEyeOff size={16} aria-hidden /> : <IconMail size={16} aria-hidden />}
            onClick={() => commands.flag(refs, { seen: !message.seen })}
          >
            {t(message.seen ? 'webmail.markUnseen' : 'webmail.markSeen')}
          </Menu.Item>
          {commands.canJunk(message.mailbox) && (
            <Menu.Item leftSection={<IconUrgent size={16} aria-hidden />} onClick={() => commands.junk(refs)}>
              {t('webmail.junk')}
            </Menu.Item>
          )}
          <Menu.Item
            component="a"
            href={sourceUrl(message)}
            download={`${message.subject.replaceAll(/[^\p{L}\p{N} ._-]+/gu, ' ').slice(0, 60) || 'message'}.eml`}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {t('webmail.source')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Recipients({ label, addresses }: { label: string; addresses: readonly Address[] | undefined }): ReactElement | null {
  const { t } = useTranslation();
  if (addresses === undefined || addresses.length === 0) return null;
  return (
    <Spoiler maxHeight={22} showLabel={t('webmail.showAll')} hideLabel={t('webmail.showLess')} fz="sm">
      <Text size="sm" c="dimmed">
        {label}: {addresses.map(written).join(', ')}
      </Text>
    </Spoiler>
  );
}

function Attachments({ message }: { message: Message }): ReactElement | null {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const shown = (message.attachments ?? []).filter(({ related }) => related !== true);
  if (shown.length === 0) return null;
  return (
    <Group component="ul" gap="xs" mt="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label={t('webmail.attachments')}>
      {shown.map((attachment) => (
        <li key={attachment.id}>
          <a className={classes['attachment']} href={attachmentUrl(message, attachment.id)} download={attachment.filename}>
            <IconFile size={17} aria-hidden style={{ flex: 'none' }} />
            <span className={classes['attachmentName']}>{attachment.filename}</span>
            <Text span size="xs" c="dimmed" style={{ flex: 'none' }}>
              {bytes(attachment.size ?? attachment.sizeKb * 1024)}
            </Text>
          </a>
        </li>
      ))}
    </Group>
  );
}
