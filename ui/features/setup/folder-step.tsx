/** Where everything is kept. The appliance has opened the folder by now; how to take another one is told. */
import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyValue } from '../../components/copy-value.tsx';
import { useStatus } from '../../lib/queries.ts';
import { preflightQuery } from './preflight.ts';
import { StepHead } from './step-head.tsx';

export function FolderStep(): ReactElement {
  const { t } = useTranslation();
  const status = useStatus();
  const disk = useQuery(preflightQuery).data?.find(({ name }) => name === 'disk');
  return (
    <Stack gap="lg">
      <StepHead title={t('setup.folder.title')} lead={t('setup.folder.lead')} />
      {status !== undefined && <CopyValue value={status.dataDir} label={t('setup.folder.title')} />}
      {disk !== undefined && (
        <Alert color={disk.state === 'ok' ? 'gray' : disk.state === 'warn' ? 'orange' : 'red'}>
          <Text size="sm">{disk.message}</Text>
          {disk.remedy !== undefined && <Text size="sm">{disk.remedy}</Text>}
        </Alert>
      )}
      <div>
        <Text size="sm" mb={6}>
          {t('setup.folder.other')}
        </Text>
        <CopyValue value="mallard start --data DIR" label={t('setup.folder.command')} />
      </div>
    </Stack>
  );
}
