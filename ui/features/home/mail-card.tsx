/** Messages in and out over the last day, and what waits to leave. */
import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconMail } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { RelativeTime } from '../../components/relative-time.tsx';
import { TwoLines } from '../../components/two-lines.tsx';
import { useFormats } from '../../lib/format.ts';
import { metricsQuery, queueStatusQuery, type MetricPoint } from '../../lib/queries.ts';
import { HomeCard } from './card.tsx';

const day = 86_400_000;

export function MailCard(): ReactElement {
  const { t } = useTranslation();
  const { number } = useFormats();
  const metrics = useQuery(metricsQuery(['mail.in', 'mail.out'], day, 96)).data;
  const queue = useQuery(queueStatusQuery).data;
  const to = Date.now();
  const line = (series: string): { points: { at: number; value: number }[]; sum: number } => {
    const points = (metrics?.series[series] ?? []).map((point: MetricPoint) => ({ at: point.at, value: point.sum }));
    return { points, sum: points.reduce((all, { value }) => all + value, 0) };
  };
  const [incoming, outgoing] = [line('mail.in'), line('mail.out')];
  const totals = [number(Math.round(incoming.sum)), number(Math.round(outgoing.sum))] as const;
  return (
    <HomeCard icon={IconMail} title={t('home.mail')} more={t('home.mailFlow')} to="/mail">
      <Text size="sm" c="dimmed" mb="xs">
        {t('home.mailLead')}
      </Text>
      <TwoLines
        lines={[
          { name: t('home.mailIn'), total: totals[0], points: incoming.points },
          { name: t('home.mailOut'), total: totals[1], points: outgoing.points },
        ]}
        from={to - day}
        to={to}
        label={t('home.mailPlot', { in: totals[0], out: totals[1] })}
      />
      {queue !== undefined && (
        <Group justify="space-between" mt="sm">
          <Text size="sm">{t('home.waiting', { count: queue.queued })}</Text>
          {queue.oldest !== undefined && (
            <Text size="sm" c="dimmed">
              {t('home.oldest')} <RelativeTime at={queue.oldest} />
            </Text>
          )}
        </Group>
      )}
    </HomeCard>
  );
}
