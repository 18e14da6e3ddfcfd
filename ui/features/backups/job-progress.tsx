/** What a job does, with a bar and a button that cancels it; when it has failed, why. */
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { routes } from '../../../app/appliance/control/contract.ts';
import type { JobState } from '../../../app/appliance/control/contract-backup.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { control } from '../../lib/control.ts';
import { useFormats } from '../../lib/format.ts';
import type { Catalogue } from '../../locales/en.ts';
import { faultOfJob } from './api.ts';

type Phase = keyof Catalogue['backups']['phase'];

export function JobProgress({ job }: { job: JobState }): ReactElement | null {
  const { t } = useTranslation();
  const { number } = useFormats();
  if (job.state === 'failed') return <FaultAlert fault={faultOfJob(job)} title={t('backups.jobFailed')} />;
  if (job.state === 'cancelled') return <Text c="dimmed">{t('backups.cancelled')}</Text>;
  if (job.state === 'done') return null;
  const { phase = 'start', done = 0, total } = job.progress ?? {};
  const known = total !== undefined && total > 0;
  const words = t(`backups.phase.${(phase in phases ? phase : 'start') as Phase}`);
  return (
    <Stack gap={6} role="status">
      <Group justify="space-between">
        <Text size="sm">{known || done === 0 ? words : `${words} (${number(done)})`}</Text>
        <Button size="xs" variant="default" onClick={() => void control(routes.cancelJob, { name: job.id })}>
          {t('common.cancel')}
        </Button>
      </Group>
      <Progress value={known ? (100 * done) / total : 100} animated={!known} aria-label={words} />
    </Stack>
  );
}

const phases = { start: true, state: true, contents: true, verify: true, restore: true, apply: true };
