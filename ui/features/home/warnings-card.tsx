/** The latest warnings and errors of the log. */
import { Group, Skeleton, Stack, Text } from '@mantine/core';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconFileText } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { routes, type LogEntry } from '../../../app/appliance/control/contract.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { HomeCard } from './card.tsx';

const dayMs = 86_400_000;
const warningsQuery = queryOptions<readonly LogEntry[], Fault>({
  queryKey: ['home', 'warnings'],
  queryFn: async ({ signal }) =>
    (await control(routes.logs, { query: { level: 'warn', limit: 5, from: Date.now() - dayMs }, signal })).lines,
  refetchInterval: 15_000,
});

export function WarningsCard(): ReactElement {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(warningsQuery);
  return (
    <HomeCard icon={IconFileText} title={t('home.warnings')} more={t('home.allLogs')} to="/logs" search={{ level: 'warn' }}>
      {data === undefined ? (
        error === null ? (
          <Skeleton height={80} />
        ) : (
          <FaultAlert fault={error} title={t('logs.notLoaded')} onRetry={() => void refetch()} />
        )
      ) : data.length === 0 ? (
        <Group gap="xs" wrap="nowrap">
          <IconCircleCheck size={18} aria-hidden />
          <Text size="sm">{t('home.noWarnings')}</Text>
        </Group>
      ) : (
        <Stack gap="sm">
          {data.map((line) => (
            <Group key={line.id} gap="xs" wrap="nowrap" align="flex-start">
              {line.level === 'error' ? (
                <IconCircleX size={17} aria-label={t('logs.level.error')} style={{ flex: 'none', marginTop: 2 }} />
              ) : (
                <IconAlertTriangle size={17} aria-label={t('logs.level.warn')} style={{ flex: 'none', marginTop: 2 }} />
              )}
              <div style={{ minWidth: 0 }}>
                <Text size="sm" lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
                  {line.message}
                </Text>
                <Text size="xs" c="dimmed">
                  {line.service} · <RelativeTime at={line.at} />
                </Text>
              </div>
            </Group>
          ))}
        </Stack>
      )}
    </HomeCard>
  );
}
