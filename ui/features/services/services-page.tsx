/** What runs: the protocols that mail programs use, and the processes behind them. */
import { Alert, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { listenersOf } from '../../lib/listeners.ts';
import { metricsQuery, settingsQuery, statusQuery } from '../../lib/queries.ts';
import { EngineCard } from './engine-card.tsx';
import { ListenerCard } from './listener-card.tsx';
import { useStateNews } from './use-state-news.ts';

const plotSpanMs = 3_600_000;

export function ServicesPage(): ReactElement {
  const { t } = useTranslation();
  const status = useQuery(statusQuery);
  const settings = useQuery(settingsQuery);
  const engines = status.data?.services ?? [];
  const metrics = useQuery(
    metricsQuery(
      engines.flatMap(({ name }) => [`rss.${name}`, `cpu.${name}`]),
      plotSpanMs,
    ),
  ).data;
  useStateNews(engines);
  const fault = status.error ?? settings.error;

  return (
    <Page title={t('services.title')} lead={t('services.lead')}>
      {fault !== null && status.data === undefined ? (
        <FaultAlert fault={fault} title={t('services.notLoaded')} onRetry={() => void status.refetch()} />
      ) : (
        <Stack gap="xl">
          <Stack component="section" gap="sm" aria-labelledby="protocols">
            <div>
              <Title order={2} id="protocols">
                {t('services.protocols')}
              </Title>
              <Text c="dimmed" size="sm">
                {t('services.protocolsLead')}
              </Text>
            </div>
            {status.data === undefined || settings.data === undefined ? (
              <Waiting />
            ) : (
              <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="md">
                {listenersOf(status.data, new Map(settings.data.map((each) => [each.name, each]))).map((listener) => (
                  <ListenerCard key={listener.name} listener={listener} clients={status.data?.clients?.[listener.name]} />
                ))}
              </SimpleGrid>
            )}
          </Stack>
          <Stack component="section" gap="sm" aria-labelledby="engines">
            <div>
              <Title order={2} id="engines">
                {t('services.engines')}
              </Title>
              <Text c="dimmed" size="sm">
                {t('services.enginesLead')}
              </Text>
            </div>
            {status.data === undefined ? (
              <Waiting />
            ) : engines.length === 0 ? (
              <Alert color="gray">{t('services.noEngines')}</Alert>
            ) : (
              <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="md">
                {engines.map((service) => (
                  <EngineCard
                    key={service.name}
                    service={service}
                    memory={metrics?.series[`rss.${service.name}`] ?? []}
                    processor={metrics?.series[`cpu.${service.name}`] ?? []}
                  />
                ))}
              </SimpleGrid>
            )}
          </Stack>
        </Stack>
      )}
    </Page>
  );
}

function Waiting(): ReactElement {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="md" role="status" aria-label={t('common.loading')}>
      {[0, 1, 2].map((index) => (
        <Skeleton key={index} height={150} radius="md" />
      ))}
    </SimpleGrid>
  );
}
