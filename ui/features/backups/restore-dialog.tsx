/** Restores from one backup: everything (typed confirmation), or one person's mail with a preview before anything is done. */
import { Alert, Button, Group, Modal, Radio, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { routes } from '../../../app/appliance/control/contract.ts';
import { restoreResultSchema, usersResultSchema } from '../../../app/appliance/control/contract-backup.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { control } from '../../lib/control.ts';
import { useFormats } from '../../lib/format.ts';
import { notifyDone } from '../../lib/notify.ts';
import { useBackupDeed, useJob } from './api.ts';
import { JobProgress } from './job-progress.tsx';

export interface RestoreDialogProps {
  readonly backup: string | undefined;
  readonly onClose: () => void;
}

export function RestoreDialog({ backup, onClose }: RestoreDialogProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal
      opened={backup !== undefined}
      onClose={onClose}
      title={<Text fw={650}>{t('backups.restore.title', { backup: backup ?? '' })}</Text>}
      centered
      size="xl"
    >
      {backup !== undefined && <RestoreBody backup={backup} onClose={onClose} />}
    </Modal>
  );
}

function RestoreBody({ backup, onClose }: { backup: string; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const [what, setWhat] = useState<'user' | 'all'>('user');
  return (
    <Stack gap="md">
      <Radio.Group value={what} onChange={(value) => setWhat(value as 'user' | 'all')} label={t('backups.restore.what')}>
        <Stack gap="xs" mt="xs">
          <Radio value="user" label={t('backups.restore.user')} />
          <Radio value="all" label={t('backups.restore.all')} />
        </Stack>
      </Radio.Group>
      {what === 'user' ? <RestoreUser backup={backup} onClose={onClose} /> : <RestoreAll backup={backup} onClose={onClose} />}
    </Stack>
  );
}

function RestoreUser({ backup, onClose }: { backup: string; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const { bytes, number, date } = useFormats();
  const [person, setPerson] = useState<string | null>(null);
  const [mailbox, setMailbox] = useState<string | null>(null);
  const [where, setWhere] = useState<'place' | 'beside'>('place');
  const look = useBackupDeed(() => control(routes.usersInBackup, { body: { backup } }));
  const lookJob = useJob(look.data?.job);
  const users = lookJob?.state === 'done' ? usersResultSchema.parse(lookJob.result).users : [];
  const ask = useBackupDeed((input: { dryRun: boolean }) =>
    control(routes.restoreUser, {
      body: {
        backup,
        user: person ?? '',
        beside: where === 'beside',
        ...input,
        ...(mailbox === null ? {} : { mailbox }),
      },
    }),
  );
  const job = useJob(ask.data?.job, (ended) => {
    if (ended.kind !== 'restore' || ended.state !== 'done') return;
    notifyDone(t('backups.restore.came', { count: restoreResultSchema.parse(ended.result).messages }));
    onClose();
  });
  const plan = job?.state === 'done' && job.kind === 'preview' ? restoreResultSchema.parse(job.result) : undefined;
  const fault = look.error ?? ask.error;
  if (lookJob?.state !== 'done') {
    return (
      <Stack gap="md">
        {fault !== null && <FaultAlert fault={fault} />}
        {lookJob === undefined ? (
          <Group justify="flex-end">
            <Button onClick={() => look.mutate(undefined)} loading={look.isPending}>
              {t('backups.restore.look')}
            </Button>
          </Group>
        ) : (
          <JobProgress job={lookJob} />
        )}
      </Stack>
    );
  }
  const change = (): void => ask.reset();
  return (
    <Stack gap="md">
      {fault !== null && <FaultAlert fault={fault} />}
      <Select
        label={t('backups.restore.person')}
        searchable
        data={users.map(({ id, username, messages, bytes: size }) => ({
          value: id,
          label: `${username} (${t('backups.storage.count', { messages: number(messages) })}, ${bytes(size)})`,
        }))}
        value={person}
        onChange={(value) => {
          setPerson(value);
          setMailbox(null);
          change();
        }}
      />
      <Radio.Group
        value={where}
        onChange={(value) => {
          setWhere(value as 'place' | 'beside');
          change();
        }}
        label={t('backups.restore.where')}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="place" label={t('backups.restore.place')} description={t('backups.restore.placeHelp')} />
          <Radio value="beside" label={t('backups.restore.beside')} description={t('backups.restore.besideHelp')} />
        </Stack>
      </Radio.Group>
      {plan !== undefined && (
        <Stack gap="xs">
          {plan.accountRestored && <Alert>{t('backups.restore.account', { name: plan.username })}</Alert>}
          <Table aria-label={t('backups.restore.preview')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('backups.restore.mailbox')}</Table.Th>
                <Table.Th>{t('backups.restore.inBackup')}</Table.Th>
                <Table.Th>{t('backups.restore.missing')}</Table.Th>
                <Table.Th>{t('backups.restore.dates')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {plan.mailboxes.map((each) => (
                <Table.Tr key={each.path}>
                  <Table.Td>{each.target}</Table.Td>
                  <Table.Td>{number(each.inBackup)}</Table.Td>
                  <Table.Td>
                    {number(each.missing)} · {bytes(each.missingBytes)}
                  </Table.Td>
                  <Table.Td>
                    {each.oldest === undefined || each.newest === undefined ? '' : `${date(each.oldest)} – ${date(each.newest)}`}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Select
            label={t('backups.restore.onlyMailbox')}
            placeholder={t('backups.restore.allMailboxes')}
            clearable
            data={plan.mailboxes.map(({ path }) => path)}
            value={mailbox}
            onChange={setMailbox}
          />
        </Stack>
      )}
      {job !== undefined && <JobProgress job={job} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        {plan === undefined ? (
          <Button disabled={person === null || job?.state === 'running'} onClick={() => ask.mutate({ dryRun: true })}>
            {t('backups.restore.show')}
          </Button>
        ) : (
          <Button disabled={plan.messages === 0} onClick={() => ask.mutate({ dryRun: false })}>
            {t('backups.restore.bring', { count: plan.messages })}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function RestoreAll({ backup, onClose }: { backup: string; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const restore = useBackupDeed(() => control(routes.restoreAll, { body: { backup, replace: true } }));
  const job = useJob(restore.data?.job, (ended) => {
    if (ended.state !== 'done') return;
    notifyDone(t('backups.restore.allDone'));
    onClose();
  });
  const word = t('backups.restore.word');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() === word) restore.mutate(undefined);
      }}
    >
      <Stack gap="md">
        <Alert color="red" title={t('backups.restore.allTitle')}>
          {t('backups.restore.allLead')}
        </Alert>
        {restore.error !== null && <FaultAlert fault={restore.error} />}
        {job !== undefined && <JobProgress job={job} />}
        <TextInput
          label={t('common.typeToConfirm', { typed: word })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" color="red" disabled={typed.trim() !== word || job?.state === 'running'}>
            {t('backups.restore.replace')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
