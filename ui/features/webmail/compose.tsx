/** Writing a message: recipients, subject, text, files. It is kept as a draft by itself; Ctrl/⌘-Enter sends. */
import {
  ActionIcon,
  Alert,
  Anchor,
  Button,
  FileButton,
  Group,
  Loader,
  Modal,
  Select,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconFile, IconPaperclip, IconSend, IconTrash, IconX } from '@tabler/icons-react';
import { type KeyboardEvent, type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { faultOf } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';
import { mailboxesQuery } from '../../lib/mailboxes.ts';
import { notifyDone } from '../../lib/notify.ts';
import type { Person } from '../../lib/people.ts';
import { type Address, ownAddressesQuery } from './api.ts';
import { RecipientsField } from './recipients-field.tsx';
import { type Composition, tryAddress, written } from './reply.ts';
import { type SaveState, useDraft } from './use-draft.ts';
import { type AttachedFile, useFiles } from './use-files.ts';
import classes from './webmail.module.css';

interface ComposeProps {
  readonly me: Person;
  readonly begin: Composition;
  readonly onClose: () => void;
}

interface Fields {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: string;
  readonly text: string;
}

export function Compose({ me, begin, onClose }: ComposeProps): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isNarrow = useMediaQuery('(max-width: 900px)') ?? false;
  const [fields, setFields] = useState<Fields>(() => fieldsOf(begin, me));
  const [first] = useState(fields);
  const [showsCopies, setShowsCopies] = useState(begin.cc.length > 0 || begin.bcc.length > 0);
  const [tried, setTried] = useState(false);
  const [asked, setAsked] = useState(false);
  const own = useQuery(ownAddressesQuery).data ?? [];
  const attached = useFiles(begin.kind === 'draft' ? begin.original : undefined);
  const files = attached.files.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const set = (change: Partial<Fields>): void => setFields({ ...fields, ...change });

  const isTouched = fields !== first || (attached.files.length > 0 && begin.kind !== 'draft');
  const outgoing = {
    from: fields.from === '' ? undefined : { name: me.name ?? '', address: fields.from },
    to: addressesIn(fields.to),
    cc: addressesIn(fields.cc),
    bcc: addressesIn(fields.bcc),
    subject: fields.subject,
    text: fields.text,
    files,
    reference: referenceOf(begin),
  };
  const isDraft = begin.kind === 'draft' && begin.original !== undefined;
  const draft = useDraft(
    // Nothing is saved before all files of a stored draft are here again: they would be lost by it.
    isTouched && !attached.isUploading ? outgoing : undefined,
    isDraft && begin.original !== undefined ? { mailbox: begin.original.mailbox, id: begin.original.id } : undefined,
  );
  const all = [...fields.to, ...fields.cc, ...fields.bcc];
  const isSendable = all.length > 0 && all.every((one) => tryAddress(one) !== undefined) && !attached.isUploading;
  const refresh = (): void => {
    void client.invalidateQueries({ queryKey: ['webmail', 'list'] });
    void client.invalidateQueries({ queryKey: mailboxesQuery(me.id).queryKey });
  };
  const send = useMutation({
    mutationFn: draft.send,
    onSuccess: () => {
      notifyDone(t('webmail.sent'));
      refresh();
      onClose();
    },
  });
  const close = (): void => {
    if (send.isPending) return;
    if (!isTouched) return onClose();
    void draft.save().then(refresh);
    notifyDone(t('webmail.keptAsDraft'));
    onClose();
  };
  const submit = (): void => {
    setTried(true);
    if (isSendable) send.mutate();
  };
  const discard = useMutation({
    mutationFn: draft.discard,
    onSettled: () => {
      for (const file of attached.files) attached.remove(file);
      refresh();
      onClose();
    },
  });
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    }
  };
  return (
    <Modal
      opened
      onClose={close}
      size={860}
      fullScreen={isNarrow}
      title={<Text fw={650}>{t(`webmail.title.${begin.kind}`)}</Text>}
      closeOnClickOutside={false}
    >
      <form
        className={classes['compose']}
        onKeyDown={onKey}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {send.error !== null && <FaultAlert fault={faultOf(send.error)} title={t('webmail.notSent')} />}
        {own.length > 1 && (
          <Select
            label={t('webmail.from')}
            allowDeselect={false}
            data={[...own]}
            value={fields.from}
            onChange={(from) => set({ from: from ?? fields.from })}
          />
        )}
        <RecipientsField
          label={t('webmail.to')}
          value={fields.to}
          onChange={(to) => set({ to })}
          error={tried && all.length === 0 ? t('webmail.noRecipient') : undefined}
          autoFocus={fields.to.length === 0}
        />
        {showsCopies ? (
          <>
            <RecipientsField label={t('webmail.cc')} value={fields.cc} onChange={(cc) => set({ cc })} />
            <RecipientsField label={t('webmail.bcc')} value={fields.bcc} onChange={(bcc) => set({ bcc })} />
          </>
        ) : (
          <Anchor component="button" type="button" size="sm" ta="left" onClick={() => setShowsCopies(true)}>
            {t('webmail.addCopies')}
          </Anchor>
        )}
        <TextInput
          label={t('webmail.subject')}
          value={fields.subject}
          onChange={(event) => set({ subject: event.currentTarget.value })}
          maxLength={900}
        />
        <Textarea
          label={t('webmail.text')}
          value={fields.text}
          onChange={(event) => set({ text: event.currentTarget.value })}
          classNames={{ root: classes['grow'] ?? '', wrapper: classes['grow'] ?? '' }}
          minRows={10}
          {...(fields.to.length > 0 ? { 'data-autofocus': true } : {})}
        />
        {begin.kind === 'forward' && (begin.original?.attachments?.length ?? 0) > 0 && (
          <Text size="sm" c="dimmed">
            {t('webmail.forwardsFiles', {
              names: (begin.original?.attachments ?? []).map(({ filename }) => filename).join(', '),
            })}
          </Text>
        )}
        <FileRows files={attached.files} onRemove={attached.remove} />
        {draft.fault !== undefined && (
          <Alert color="orange" p="xs">
            {t('webmail.draftFailed')}
          </Alert>
        )}
        <Group justify="space-between">
          <Group gap="xs">
            <Button type="submit" leftSection={<IconSend size={16} aria-hidden />} loading={send.isPending}>
              {t('webmail.send')}
            </Button>
            <FileButton multiple onChange={(given) => attached.add(given)}>
              {(props) => (
                <Button variant="default" leftSection={<IconPaperclip size={16} aria-hidden />} {...props}>
                  {t('webmail.attach')}
                </Button>
              )}
            </FileButton>
          </Group>
          <Group gap="sm">
            <Saving state={draft.state} />
            <ActionIcon
              variant="subtle"
              color="red"
              size="lg"
              aria-label={t('webmail.discard')}
              onClick={() => (isTouched || isDraft ? setAsked(true) : onClose())}
            >
              <IconTrash size={18} aria-hidden />
            </ActionIcon>
          </Group>
        </Group>
      </form>
      <ConfirmDialog
        opened={asked}
        title={t('webmail.discardAsk')}
        confirmLabel={t('webmail.discard')}
        danger
        busy={discard.isPending}
        onConfirm={() => discard.mutate()}
        onClose={() => setAsked(false)}
      >
        {t('webmail.discardEffect')}
      </ConfirmDialog>
    </Modal>
  );
}

function Saving({ state }: { state: SaveState }): ReactElement | null {
  const { t } = useTranslation();
  if (state !== 'saving' && state !== 'saved') return null;
  return (
    <Text size="sm" c="dimmed" role="status">
      {t(state === 'saving' ? 'webmail.saving' : 'webmail.saved')}
    </Text>
  );
}

function FileRows({
  files,
  onRemove,
}: {
  files: readonly AttachedFile[];
  onRemove: (file: AttachedFile) => void;
}): ReactElement | null {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  if (files.length === 0) return null;
  return (
    <Group component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} aria-label={t('webmail.attachments')}>
      {files.map((file) => (
        <li key={file.key} className={classes['attachment']}>
          {file.id === undefined && file.fault === undefined ? <Loader size={15} /> : <IconFile size={17} aria-hidden />}
          <span className={classes['attachmentName']}>{file.name}</span>
          <Text span size="xs" c={file.fault === undefined ? 'dimmed' : 'var(--mantine-color-error)'}>
            {file.fault === undefined ? bytes(file.sizeBytes) : t('webmail.notAttached')}
          </Text>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={t('webmail.removeFile', { name: file.name })}
            onClick={() => onRemove(file)}
          >
            <IconX size={14} aria-hidden />
          </ActionIcon>
        </li>
      ))}
    </Group>
  );
}

function fieldsOf({ to, cc, bcc, subject, text }: Composition, me: Person): Fields {
  const texts = (addresses: readonly Address[]): string[] => addresses.map(written);
  return { from: me.address ?? '', to: texts(to), cc: texts(cc), bcc: texts(bcc), subject, text };
}

function addressesIn(texts: readonly string[]): Address[] {
  return texts.flatMap((text) => tryAddress(text) ?? []);
}

function referenceOf({
  kind,
  original,
}: Composition): { mailbox: string; id: number; action: 'reply' | 'replyAll' | 'forward' } | undefined {
  if (original === undefined || kind === 'new') return undefined;
  if (kind !== 'draft') return { mailbox: original.mailbox, id: original.id, action: kind };
  const { reference } = original;
  // What a draft passes on stands in it already.
  return reference === undefined || reference.action === 'forward' ? undefined : reference;
}
