/** Space where the data is, and how long it lasts at the pace of the last week. */
import { Progress, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconDatabase } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { Status } from '../../../app/appliance/control/contract.ts';
import { useFormats } from '../../lib/format.ts';
import { metricsQuery } from '../../lib/queries.ts';
import { HomeCard } from './card.tsx';
import { daysLeft } from './days-left.ts';

export function StorageCard({ status }: { status: Status }): ReactElement | null {
  const { t } = useTranslation();
  const { bytes, percent } = useFormats();
  const history = useQuery(metricsQuery(['disk.free'], 7 * 86_400_000, 84)).data?.series['disk.free'];
  const { disk } = status;
  if (disk === undefined || disk.totalBytes === 0) return null;
  const used = 1 - disk.freeBytes / disk.totalBytes;
  const days = daysLeft(history ?? []);
  return (
    <HomeCard icon={IconDatabase} title={t('home.storage')} more={t('home.systemCheck')} to="/settings">
      <Text fz={28} fw={650} lh={1.2}>
        {t('home.free', { size: bytes(disk.freeBytes) })}
      </Text>
      <Text size="sm" c="dimmed" mb="xs">
        {t('home.ofDisk', { size: bytes(disk.totalBytes), used: percent(used) })}
      </Text>
      <Progress value={used * 100} color={used > 0.9 ? 'red' : 'mallard'} aria-label={t('home.storage')} />
      <Text size="sm" mt="sm">
        {days === undefined ? t('home.daysUnknown') : t('home.daysLeft', { count: days })}
      </Text>
    </HomeCard>
  );
}
