/** What needs a person: cause and one button each. */
import { Button, Group, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconAlertTriangle, IconCircleX } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { RelativeTime } from '../../components/relative-time.tsx';
import { useServiceAction } from '../../lib/queries.ts';
import { useFormats } from '../../lib/format.ts';
import type { Attention } from './attention.ts';

export function AttentionList({ items }: { items: readonly Attention[] }): ReactElement {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="attention">
      <Title order={2} id="attention" mb="sm">
        {t('home.attention')}
      </Title>
      <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
        {items.map((item) => (
          <Item key={item.key} item={item} />
        ))}
      </Stack>
    </Paper>
  );
}

const places = {
  certificate: { to: '/security', search: { tab: 'certificates' } },
  diskLow: { to: '/people', search: {} },
  diskDays: { to: '/people', search: {} },
  queueStuck: { to: '/mail', search: { tab: 'queue' } },
  queuePaused: { to: '/mail', search: { tab: 'queue' } },
  bans: { to: '/security', search: { tab: 'bans' } },
  openWithoutPassword: { to: '/security', search: { tab: 'access' } },
} as const;

function WatchedItem({ item }: { item: Extract<Attention, { kind: 'watched' }> }): ReactElement {
  const { t } = useTranslation();
  const { ago, bytes } = useFormats();
  const value =
    item.what === 'diskLow'
      ? bytes(Number(item.value))
      : item.what === 'certificate' || item.what === 'queueStuck'
        ? ago(String(item.value))
        : String(item.value);
  const { to, search } = places[item.what];
  return (
    <>
      <div style={{ flex: 1 }}>
        <Text>{t(`home.watched.${item.what}.what`, { value })}</Text>
        <Text size="sm" c="dimmed">
          {t(`home.watched.${item.what}.why`)}
        </Text>
      </div>
      <Button size="xs" variant="default" renderRoot={(props) => <Link to={to} search={search as never} {...props} />}>
        {t(`home.watched.${item.what}.button`)}
      </Button>
    </>
  );
}

function Item({ item }: { item: Attention }): ReactElement {
  const { t } = useTranslation();
  const act = useServiceAction();
  const IconOf = item.level === 'error' ? IconCircleX : IconAlertTriangle;
  return (
    <Group component="li" wrap="nowrap" align="flex-start" gap="md">
      <ThemeIcon variant="light" color={item.level === 'error' ? 'red' : 'orange'} radius="xl" size={34}>
        <IconOf size={19} aria-label={t(`home.level.${item.level}`)} />
      </ThemeIcon>
      {item.kind === 'notice' ? (
        <>
          <div style={{ flex: 1 }}>
            <Text>{item.message}</Text>
            <Text size="sm" c="dimmed">
              <RelativeTime at={item.at} />
            </Text>
          </div>
          <Button size="xs" variant="default" renderRoot={(props) => <Link to="/logs" search={{ level: 'warn' }} {...props} />}>
            {t('home.seeLog')}
          </Button>
        </>
      ) : item.kind === 'watched' ? (
        <WatchedItem item={item} />
      ) : (
        <>
          <div style={{ flex: 1 }}>
            <Text>
              {t('home.serviceIs', {
                name: t(`services.engine.${item.service.kind}.title`),
                state: t(`state.${item.service.state}`),
              })}
            </Text>
            <Text size="sm" c="dimmed">
              {item.service.failure?.message ?? t(`services.engine.${item.service.kind}.effect`)}
            </Text>
          </div>
          <Group gap="xs" wrap="nowrap">
            <Button size="xs" loading={act.isPending} onClick={() => act.mutate({ name: item.service.name, action: 'start' })}>
              {t('services.start')}
            </Button>
            <Button size="xs" variant="default" renderRoot={(props) => <Link to="/services" {...props} />}>
              {t('home.seeService')}
            </Button>
          </Group>
        </>
      )}
    </Group>
  );
}
