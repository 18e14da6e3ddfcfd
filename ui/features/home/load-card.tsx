/** Memory of all parts together, over the last hour, and what each takes. */
import { Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCpu } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { Status } from '../../../app/appliance/control/contract.ts';
import { Sparkline } from '../../components/sparkline.tsx';
import { useFormats } from '../../lib/format.ts';
import { metricsQuery, type MetricPoint } from '../../lib/queries.ts';
import { HomeCard } from './card.tsx';

const spanMs = 3_600_000;

export function LoadCard({ status }: { status: Status }): ReactElement {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const names = [...status.services.map(({ name }) => name), 'appliance'];
  const metrics = useQuery(
    metricsQuery(
      names.map((name) => `rss.${name}`),
      spanMs,
    ),
  ).data;
  const points = sum(Object.values(metrics?.series ?? {}));
  const parts = [
    ...status.services.map(({ kind, name, rssBytes }) => ({ key: name, label: t(`services.engine.${kind}.short`), rssBytes })),
    { key: 'appliance', label: t('home.appliance'), rssBytes: status.rssBytes },
  ].filter((part): part is { key: string; label: string; rssBytes: number } => part.rssBytes !== null);
  const total = parts.reduce((all, { rssBytes }) => all + rssBytes, 0);
  return (
    <HomeCard icon={IconCpu} title={t('home.memory')} more={t('home.processes')} to="/services">
      <Text fz={28} fw={650} lh={1.2}>
        {bytes(total)}
      </Text>
      <Text size="sm" c="dimmed" mb="xs">
        {t('home.memoryLead')}
      </Text>
      <Sparkline points={points} height={56} label={t('services.plot', { name: t('home.memory'), value: bytes(total) })} />
      <Stack gap={4} mt="sm">
        {parts.map(({ key, label, rssBytes }) => (
          <Group key={key} justify="space-between">
            <Text size="sm">{label}</Text>
            <Text size="sm" c="dimmed">
              {bytes(rssBytes)}
            </Text>
          </Group>
        ))}
      </Stack>
    </HomeCard>
  );
}

/** Adds up series of the same steps; a series that has no point at a time counts as nothing there. */
export function sum(series: readonly (readonly MetricPoint[])[]): { at: number; mean: number }[] {
  const totals = new Map<number, number>();
  for (const points of series) for (const { at, mean } of points) totals.set(at, (totals.get(at) ?? 0) + mean);
  return [...totals].sort(([a], [b]) => a - b).map(([at, mean]) => ({ at, mean }));
}
