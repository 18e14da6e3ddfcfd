/** Storage & backups: what takes space, the backups with what can be done with them, and when the next one is made. */
import { Alert, Button, Card, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconDatabaseExport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { routes } from '../../../app/appliance/control/contract.ts';
import type { JobState } from '../../../app/appliance/control/contract-backup.ts';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { control } from '../../lib/control.ts';
import { useFormats } from '../../lib/format.ts';
import { notifyDone } from '../../lib/notify.ts';
import { backupsQuery, jobsQuery, useBackupDeed, useJob } from './api.ts';
import { BackupList } from './backup-list.tsx';
import { FolderDialog } from './folder-dialog.tsx';
import { JobProgress } from './job-progress.tsx';
import { RestoreDialog } from './restore-dialog.tsx';
import { StorageCard } from './storage-card.tsx';

export function BackupsPage(): ReactElement {
  const { t } = useTranslation();
  const { bytes, dateTime } = useFormats();
  const backups = useQuery(backupsQuery);
  const jobs = useQuery(jobsQuery);
  const [choosing, setChoosing] = useState(false);
  const [restoring, setRestoring] = useState<string>();
  const begin = useBackupDeed((deed: () => Promise<{ job: string }>) => deed());
  // Also one that the schedule or the command line began.
  const running = jobs.data?.find(({ state, kind }) => state === 'running' && (kind === 'backup' || kind === 'verify'));
  const job = useJob(begin.data?.job ?? running?.id, (ended: JobState) => {
    if (ended.state === 'done') notifyDone(t(ended.kind === 'verify' ? 'backups.good' : 'backups.made'));
  });
  const { data } = backups;
  const isRunning = job?.state === 'running';
  const ready = data?.state === 'ready';

  return (
    <Page
      title={t('backups.title')}
      lead={t('backups.lead')}
      actions={
        ready ? (
          <Button
            leftSection={<IconDatabaseExport size={16} aria-hidden />}
            disabled={isRunning}
            loading={begin.isPending}
            onClick={() => begin.mutate(() => control(routes.backupNow))}
          >
            {t('backups.now')}
          </Button>
        ) : undefined
      }
    >
      <Stack gap="xl">
        <Stack component="section" gap="sm" aria-labelledby="backups">
          <Title order={2} id="backups">
            {t('backups.section')}
          </Title>
          {begin.error !== null && <FaultAlert fault={begin.error} />}
          {job !== undefined && <JobProgress job={job} />}
          {data === undefined ? (
            backups.error === null ? (
              <Skeleton height={160} radius="md" role="status" aria-label={t('common.loading')} />
            ) : (
              <FaultAlert fault={backups.error} title={t('backups.notLoaded')} onRetry={() => void backups.refetch()} />
            )
          ) : data.state === 'none' ? (
            <Card withBorder radius="md">
              <Empty
                icon={IconDatabaseExport}
                title={t('backups.none')}
                action={<Button onClick={() => setChoosing(true)}>{t('backups.choose')}</Button>}
              >
                {t('backups.noneLead')}
              </Empty>
            </Card>
          ) : (
            <Stack gap="md">
              {data.lastFailure !== undefined && (
                <Alert color="red" title={t('backups.failedAt', { at: dateTime(data.lastFailure.at) })}>
                  {data.lastFailure.message}
                </Alert>
              )}
              {data.state === 'locked' && <Alert color="orange">{t('backups.locked')}</Alert>}
              {data.state === 'unreachable' && (
                <Alert color="red" title={t('backups.unreachable')}>
                  {data.reason}
                </Alert>
              )}
              <Group justify="space-between">
                <div>
                  <Text fw={600}>{data.folder}</Text>
                  <Text size="sm" c="dimmed">
                    {[
                      data.freeBytes === undefined ? '' : t('backups.freeThere', { size: bytes(data.freeBytes) }),
                      data.nextAt === undefined ? t('backups.notScheduled') : t('backups.next', { at: dateTime(data.nextAt) }),
                    ]
                      .filter((each) => each !== '')
                      .join(' · ')}
                  </Text>
                </div>
                <Group gap="sm">
                  <Button variant="default" renderRoot={(props) => <Link to="/settings" search={{ q: 'backup.' }} {...props} />}>
                    {t('backups.schedule')}
                  </Button>
                  <Button variant="default" onClick={() => setChoosing(true)}>
                    {t('backups.change')}
                  </Button>
                </Group>
              </Group>
              {data.backups.length === 0 ? (
                <Text c="dimmed">{t('backups.empty')}</Text>
              ) : (
                <BackupList
                  backups={data.backups}
                  usable={ready && !isRunning}
                  onVerify={(id) => begin.mutate(() => control(routes.verifyBackup, { name: id }))}
                  onRestore={setRestoring}
                />
              )}
            </Stack>
          )}
        </Stack>
        <Stack component="section" gap="sm" aria-labelledby="storage">
          <Title order={2} id="storage">
            {t('backups.storage.title')}
          </Title>
          <StorageCard />
        </Stack>
      </Stack>
      <FolderDialog opened={choosing} folder={data?.folder ?? ''} onClose={() => setChoosing(false)} />
      <RestoreDialog backup={restoring} onClose={() => setRestoring(undefined)} />
    </Page>
  );
}
