/** One process of the appliance: state, what it uses, and its last words when it failed. */
import { Alert, Anchor, Button, Card, Code, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Service } from '../../../app/appliance/control/contract.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useFaultWords } from '../../lib/fault-words.ts';
import { useFormats } from '../../lib/format.ts';
import { notifyDone, notifyFailed } from '../../lib/notify.ts';
import { type MetricPoint, type ServiceAction, useServiceAction } from '../../lib/queries.ts';
import { engineTitle } from './engine-title.ts';

export interface EngineCardProps {
  readonly service: Service;
  readonly memory: readonly MetricPoint[];
  readonly processor: readonly MetricPoint[];
}

export function EngineCard({ service, memory, processor }: EngineCardProps): ReactElement {
  const { t } = useTranslation();
  const { bytes, number } = useFormats();
  const act = useServiceAction();
  const words = useFaultWords();
  const [asked, setAsked] = useState<ServiceAction>();
  const title = engineTitle(t, service);
  const busy = act.isPending || service.state === 'starting' || service.state === 'stopping';
  const down =
    service.state === 'stopped' || service.state === 'failed' || service.state === 'backoff' || service.state === 'crashed';
  const run = (action: ServiceAction): void => {
    setAsked(undefined);
    act.mutate(
      { name: service.name, action },
      {
        onSuccess: () => notifyDone(t(`services.done.${action}`, { name: title })),
        onError: (fault) => notifyFailed(t(`services.notDone.${action}`, { name: title }), fault.message || words(fault).advice),
      },
    );
  };
  const cpu = processor.at(-1)?.mean;

  return (
    <Card component="article" aria-label={title}>
      <Stack gap="sm" h="100%">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <Title order={3}>{title}</Title>
            <Text size="sm" c="dimmed">
              {service.external
                ? t('services.external')
                : [t(`services.engine.${service.kind}.what`), service.version].filter((part) => part !== null).join(' · ')}
            </Text>
          </div>
          <StateBadge state={service.state} />
        </Group>
        {service.progress !== undefined && service.state === 'starting' && <Text size="sm">{service.progress}</Text>}
        {service.failure !== undefined && service.state !== 'ready' && <Failure service={service} />}
        {!service.external && (memory.length > 1 || service.rssBytes !== null) && (
          <SimpleGrid cols={2} spacing="sm">
            <Figure
              name={t('services.memory')}
              value={service.rssBytes === null ? t('services.noValue') : bytes(service.rssBytes)}
              points={memory}
            />
            <Figure
              name={t('services.processor')}
              value={cpu === undefined ? t('services.noValue') : `${number(cpu, cpu < 10 ? 1 : 0)} %`}
              points={processor}
              top={25}
            />
          </SimpleGrid>
        )}
        <Group justify="space-between" mt="auto" gap="xs">
          <Text size="xs" c="dimmed">
            {t('services.since', { state: t(`state.${service.state}`) })} <RelativeTime at={service.since} />
            {service.restarts > 0 && ` · ${t('services.restarts', { count: service.restarts })}`}
          </Text>
          {!service.external && (
            <Group gap="xs">
              {down ? (
                <Button
                  size="xs"
                  variant="light"
                  loading={busy && service.state !== 'backoff'}
                  leftSection={<IconPlayerPlay size={14} aria-hidden />}
                  onClick={() => run('start')}
                  aria-label={`${t('services.start')}: ${title}`}
                >
                  {t('services.start')}
                </Button>
              ) : (
                <>
                  <Button
                    size="xs"
                    variant="default"
                    loading={busy}
                    leftSection={<IconRefresh size={14} aria-hidden />}
                    onClick={() => (service.kind === 'worker' ? run('restart') : setAsked('restart'))}
                    aria-label={`${t('services.restart')}: ${title}`}
                  >
                    {t('services.restart')}
                  </Button>
                  <Button
                    size="xs"
                    variant="subtle"
                    color="gray"
                    disabled={busy}
                    leftSection={<IconPlayerStop size={14} aria-hidden />}
                    onClick={() => setAsked('stop')}
                    aria-label={`${t('services.stop')}: ${title}`}
                  >
                    {t('services.stop')}
                  </Button>
                </>
              )}
            </Group>
          )}
        </Group>
      </Stack>
      <ConfirmDialog
        opened={asked !== undefined}
        title={asked === undefined ? '' : t(`services.ask.${asked}`, { name: title })}
        confirmLabel={asked === undefined ? '' : t(`services.${asked}`)}
        danger={asked === 'stop'}
        onConfirm={() => asked !== undefined && run(asked)}
        onClose={() => setAsked(undefined)}
      >
        {t(`services.engine.${service.kind}.effect`)}
      </ConfirmDialog>
    </Card>
  );
}

function Figure(props: { name: string; value: string; points: readonly MetricPoint[]; top?: number }): ReactElement {
  const { t } = useTranslation();
  return (
    <div>
      <Text size="xs" c="dimmed">
        {props.name}
      </Text>
      <Text fw={600}>{props.value}</Text>
      <Sparkline
        points={props.points}
        height={36}
        label={t('services.plot', { name: props.name, value: props.value })}
        {...(props.top === undefined ? {} : { top: props.top })}
      />
    </div>
  );
}

function Failure({ service }: { service: Service }): ReactElement | null {
  const { t } = useTranslation();
  const { failure } = service;
  if (failure === undefined) return null;
  return (
    <Alert color={service.state === 'failed' ? 'red' : 'orange'} title={failure.message} p="sm">
      <Stack gap="xs">
        {failure.remedy !== undefined && <Text size="sm">{failure.remedy}</Text>}
        {service.retryAt !== undefined && (
          <Text size="sm">
            {t('services.retry')} <RelativeTime at={service.retryAt} />
          </Text>
        )}
        {failure.lastLines.length > 0 && (
          <>
            <Text size="xs" fw={600}>
              {t('services.lastLines')}
            </Text>
            <Code block fz={11} mah={140} style={{ overflow: 'auto' }} tabIndex={0}>
              {failure.lastLines.slice(-12).join('\n')}
            </Code>
          </>
        )}
        <Anchor size="sm" renderRoot={(props) => <Link to="/logs" search={{ service: service.name }} {...props} />}>
          {t('services.toLog')}
        </Anchor>
      </Stack>
    </Alert>
  );
}
