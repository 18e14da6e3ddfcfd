/**
 * Mail of one's own: mailboxes, the list, the message. What is open stands in the address bar (`box`, `m`, `q`), so the browser's way back works and a reload shows
 * the same. Narrow windows show one pane at a time.
 */
import { ActionIcon, Drawer, Skeleton, Text, TextInput, Tooltip } from '@mantine/core';
import { useDisclosure, useHotkeys, useMediaQuery } from '@mantine/hooks';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { IconKeyboard, IconMenu2, IconSearch, IconX } from '@tabler/icons-react';
import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { announce } from '../../lib/announce.tsx';
import { faultOf } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';
import { mailboxesQuery, specialOf } from '../../lib/mailboxes.ts';
import { meQuery } from '../../lib/me.ts';
import type { Person } from '../../lib/people.ts';
import { type ListedMessage, type Message, messageQuery, messagesQuery, ownAddressesQuery } from './api.ts';
import { ChosenBar } from './chosen-bar.tsx';
import { Compose } from './compose.tsx';
import { MailboxList } from './mailbox-list.tsx';
import { keyOf, ListSkeleton, MessageList } from './message-list.tsx';
import { Reader } from './reader.tsx';
import { type Composition, draftOf, emptyComposition, forwardOf, replyTo } from './reply.ts';
import { Shortcuts } from './shortcuts.tsx';
import { useCommands } from './use-commands.ts';
import type { Ref } from './use-deeds.ts';
import { useDeeds } from './use-deeds.ts';
import { useMailboxName } from './use-mailbox-name.ts';
import { useUpdates } from './use-updates.ts';
import classes from './webmail.module.css';

const route = getRouteApi('/me/mail');

export function WebmailPage(): ReactElement {
  const { t } = useTranslation();
  const me = useQuery(meQuery).data;
  if (me === undefined || me === null) return <Skeleton height={240} m="xl" role="status" aria-label={t('common.loading')} />;
  return <Webmail me={me} />;
}

function Webmail({ me }: { me: Person }): ReactElement {
  const { t } = useTranslation();
  const { number, dateTime } = useFormats();
  const client = useQueryClient();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const isNarrow = useMediaQuery('(max-width: 900px)', window.innerWidth <= 900) ?? false;
  const nameOf = useMailboxName();
  const mailboxes = useQuery(mailboxesQuery(me.id));
  const own = useQuery(ownAddressesQuery).data ?? (typeof me.address === 'string' ? [me.address] : []);
  const text = search.q ?? '';
  const inbox = mailboxes.data?.find((mailbox) => specialOf(mailbox) === 'inbox');
  const current = mailboxes.data?.find(({ id }) => id === search.box) ?? (text === '' ? inbox : undefined);
  const list = useInfiniteQuery(messagesQuery(text === '' ? current?.id : search.box, text));
  const messages = useMemo(() => list.data?.pages.flatMap(({ results }) => results) ?? [], [list.data]);
  const total = list.data?.pages[0]?.total ?? 0;

  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState(0);
  const [composition, setComposition] = useState<Composition>();
  const [deleting, setDeleting] = useState<readonly Ref[]>();
  const [boxesOpen, boxes] = useDisclosure(false);
  const [keysOpen, keys] = useDisclosure(false);
  const listRef = useRef<HTMLDivElement>(null);
  const searchRef = useRef<HTMLInputElement>(null);

  // In a search each message has its own mailbox; the address bar names it for the open one.
  const openAt =
    search.m === undefined
      ? -1
      : messages.findIndex((one) => one.id === search.m && (text === '' || one.mailbox === (search.in ?? one.mailbox)));
  const openMailbox = search.in ?? current?.id ?? messages[openAt]?.mailbox;
  const openKey = search.m === undefined || openMailbox === undefined ? undefined : `${openMailbox} ${search.m}`;
  const listId = `${search.box ?? ''} ${text}`;
  useEffect(() => {
    setChosen(new Set());
    setCursor(0);
  }, [listId]);
  useEffect(() => {
    if (openAt !== -1) setCursor(openAt);
  }, [openAt]);

  const onNew = useCallback(
    (mailbox: string) => {
      if (mailbox === inbox?.id) announce(t('webmail.newMail'));
    },
    [inbox?.id, t],
  );
  useUpdates(me.id, onNew);

  const open = useCallback(
    (message: ListedMessage | undefined, replace = false): void => {
      void navigate({
        search: (former) => ({ ...former, m: message?.id, in: text === '' ? undefined : message?.mailbox }),
        replace,
      });
    },
    [navigate, text],
  );
  const deeds = useDeeds();
  const onLeaving = useCallback(
    (refs: readonly Ref[]): void => {
      const leaving = new Set(refs.map(keyOf));
      setChosen(new Set());
      if (openKey === undefined || !leaving.has(openKey)) return;
      const after = messages.slice(Math.max(0, openAt)).find((one) => !leaving.has(keyOf(one)));
      open(isNarrow ? undefined : (after ?? messages.findLast((one) => !leaving.has(keyOf(one)))), true);
    },
    [isNarrow, messages, open, openAt, openKey],
  );
  const quoteWords = useCallback(
    (message: Message) => ({
      wrote: t('webmail.wrote', {
        name: message.from === undefined ? '' : message.from.name || message.from.address,
        date: dateTime(message.date),
      }),
      forwarded: t('webmail.forwardedMessage'),
      from: t('webmail.from'),
      date: t('webmail.date'),
      subject: t('webmail.subject'),
      to: t('webmail.to'),
    }),
    [dateTime, t],
  );
  const commands = useCommands({
    mailboxes: mailboxes.data ?? [],
    onLeaving,
    onAskDelete: setDeleting,
    onReply: (message, toAll) => setComposition(replyTo(message, own, toAll, quoteWords(message))),
    onForward: (message) => setComposition(forwardOf(message, quoteWords(message))),
    onEditDraft: (message) => setComposition(draftOf(message)),
  });

  const go = (by: number): void => {
    const at = Math.min(messages.length - 1, Math.max(0, (openAt === -1 ? cursor - (isNarrow ? 0 : by) : openAt) + by));
    const message = messages[at];
    if (message === undefined) return;
    setCursor(at);
    open(message, openAt !== -1);
  };
  const meant = (): readonly ListedMessage[] => {
    if (chosen.size > 0) return messages.filter((one) => chosen.has(keyOf(one)));
    const one = messages[openAt === -1 ? cursor : openAt];
    return one === undefined ? [] : [one];
  };
  const withOpen = (run: (message: Message) => void): void => {
    const [mailbox = '', id = ''] = openKey?.split(' ') ?? [];
    const message = client.getQueryData<Message>(messageQuery(mailbox, Number(id)).queryKey);
    if (message !== undefined) run(message);
  };
  const busy = composition !== undefined || deleting !== undefined || keysOpen;
  useHotkeys(
    busy
      ? []
      : [
          ['j', () => go(1)],
          ['k', () => go(-1)],
          ['ArrowDown', () => go(1)],
          ['ArrowUp', () => go(-1)],
          ['u', () => open(undefined)],
          ['c', () => setComposition(emptyComposition())],
          ['r', () => withOpen((message) => commands.reply(message, false))],
          ['a', () => withOpen((message) => commands.reply(message, true))],
          ['f', () => withOpen(commands.forward)],
          ['/', () => searchRef.current?.focus()],
          ['x', () => choose(meant()[0])],
          ['s', () => commands.flag(meant(), { flagged: !(meant()[0]?.flagged ?? false) })],
          ['shift+U', () => commands.flag(meant(), { seen: !(meant()[0]?.seen ?? true) })],
          ['e', () => commands.archive(meant())],
          ['shift+3', () => commands.remove(meant())],
          ['#', () => commands.remove(meant())],
          ['Delete', () => commands.remove(meant())],
          ['!', () => commands.junk(meant())],
          ['shift+1', () => commands.junk(meant())],
          ['?', keys.open],
          ['shift+?', keys.open],
        ],
  );
  const choose = (message: ListedMessage | undefined, wanted?: boolean): void => {
    if (message === undefined) return;
    const next = new Set(chosen);
    if (wanted ?? !next.has(keyOf(message))) next.add(keyOf(message));
    else next.delete(keyOf(message));
    setChosen(next);
  };

  const boxesPane = (
    <MailboxList
      user={me.id}
      mailboxes={mailboxes.data}
      fault={mailboxes.error}
      open={text === '' ? current?.id : undefined}
      onCompose={() => {
        boxes.close();
        setComposition(emptyComposition());
      }}
      onChosen={boxes.close}
    />
  );
  const title = text === '' ? (current === undefined ? t('me.place.mail') : nameOf(current)) : t('webmail.found', { text });
  const unseen = text === '' ? (current?.unseen ?? 0) : 0;
  const special = current === undefined ? undefined : specialOf(current);
  const showsReader = search.m !== undefined && openMailbox !== undefined;
  return (
    <div className={classes['frame']}>
      <title>{`${unseen > 0 ? `(${unseen}) ` : ''}${title} · Mallard`}</title>
      {!isNarrow && <div className={classes['boxes']}>{boxesPane}</div>}
      {(!isNarrow || !showsReader) && (
        <div className={classes['middle']}>
          <div className={classes['bar']}>
            {isNarrow && (
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('webmail.mailboxes')} onClick={boxes.open}>
                <IconMenu2 size={20} aria-hidden />
              </ActionIcon>
            )}
            <SearchField
              key={text}
              text={text}
              inputRef={searchRef}
              onSearch={(wanted) =>
                void navigate({ search: wanted === '' ? { box: search.box } : { q: wanted, box: undefined } })
              }
            />
            <Tooltip label={t('webmail.keys.title')}>
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('webmail.keys.title')} onClick={keys.open}>
                <IconKeyboard size={19} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </div>
          {chosen.size > 0 ? (
            <ChosenBar
              messages={meant()}
              mailboxes={mailboxes.data ?? []}
              commands={commands}
              onNone={() => setChosen(new Set())}
            />
          ) : (
            <div className={classes['bar']}>
              <Text component="h1" fw={650} size="md" flex={1} truncate>
                {title}
              </Text>
              <Text size="sm" c="dimmed">
                {list.data === undefined ? '' : t('webmail.count', { count: total, formatted: number(total) })}
              </Text>
            </div>
          )}
          {list.error !== null && list.data === undefined ? (
            <FaultAlert fault={faultOf(list.error)} title={t('webmail.listNotLoaded')} onRetry={() => void list.refetch()} />
          ) : list.data === undefined ? (
            <ListSkeleton />
          ) : messages.length === 0 ? (
            <div className={classes['nothing']}>
              <Text fw={600}>{t(text === '' ? 'webmail.emptyTitle' : 'webmail.nothingFound')}</Text>
              <Text size="sm" c="dimmed">
                {t(text === '' ? 'webmail.emptyLead' : 'webmail.searchHelp')}
              </Text>
            </div>
          ) : (
            <MessageList
              messages={messages}
              total={total}
              openKey={openKey}
              cursor={cursor}
              chosen={chosen}
              outgoing={special === 'sent' || special === 'drafts'}
              hasMore={list.hasNextPage}
              isLoadingMore={list.isFetchingNextPage}
              onMore={() => void list.fetchNextPage()}
              onOpen={(message, at) => {
                setCursor(at);
                open(message);
              }}
              onChoose={choose}
              listRef={listRef}
            />
          )}
        </div>
      )}
      {showsReader ? (
        <Reader
          key={openKey}
          mailbox={openMailbox}
          id={search.m ?? 0}
          mailboxes={mailboxes.data ?? []}
          commands={commands}
          onBack={isNarrow ? () => open(undefined) : undefined}
        />
      ) : (
        !isNarrow && (
          <div className={classes['nothing']}>
            <Text c="dimmed">{t('webmail.chooseOne')}</Text>
          </div>
        )
      )}
      <Drawer opened={boxesOpen} onClose={boxes.close} title={<Text fw={650}>{t('webmail.mailboxes')}</Text>} size={280}>
        {boxesPane}
      </Drawer>
      {composition !== undefined && <Compose me={me} begin={composition} onClose={() => setComposition(undefined)} />}
      <Shortcuts opened={keysOpen} onClose={keys.close} />
      <ConfirmDialog
        opened={deleting !== undefined}
        title={t('webmail.deleteAsk', { count: deleting?.length ?? 0 })}
        confirmLabel={t('webmail.deleteForGood')}
        danger
        onConfirm={() => {
          if (deleting === undefined) return;
          onLeaving(deleting);
          deeds.deleteForGood(deleting);
          setDeleting(undefined);
        }}
        onClose={() => setDeleting(undefined)}
      >
        {t('webmail.deleteEffect')}
      </ConfirmDialog>
    </div>
  );
}

interface SearchFieldProps {
  readonly text: string;
  readonly inputRef: React.RefObject<HTMLInputElement | null>;
  readonly onSearch: (text: string) => void;
}

function SearchField({ text, inputRef, onSearch }: SearchFieldProps): ReactElement {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(text);
  return (
    <form
      role="search"
      style={{ flex: 1 }}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(typed.trim());
      }}
    >
      <TextInput
        ref={inputRef}
        type="search"
        aria-label={t('webmail.search')}
        placeholder={t('webmail.search')}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          text === '' ? undefined : (
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('common.clear')} onClick={() => onSearch('')}>
              <IconX size={15} aria-hidden />
            </ActionIcon>
          )
        }
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    </form>
  );
}
