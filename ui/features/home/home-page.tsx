/** The first look: one sentence, what needs a person, then the cards. */
import { Alert, Box, Button, Group, Paper, SimpleGrid, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  IconCircleCheck,
  IconCircleX,
  IconDeviceMobile,
  IconInfoCircle,
  IconLoader2,
  IconAlertTriangle,
  type Icon,
} from '@tabler/icons-react';
import { type ReactElement, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Status } from '../../../app/appliance/control/contract.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { announce } from '../../lib/announce.tsx';
import { statusQuery } from '../../lib/queries.ts';
import { type Attention, attentionOf, type Overall, overallOf } from './attention.ts';
import { AttentionList } from './attention-list.tsx';
import { LoadCard } from './load-card.tsx';
import { MailCard } from './mail-card.tsx';
import { PeopleCard } from './people-card.tsx';
import { SecurityCard } from './security-card.tsx';
import { ServicesCard } from './services-card.tsx';
import { StorageCard } from './storage-card.tsx';
import { useWatched } from './use-watched.ts';
import { WarningsCard } from './warnings-card.tsx';

const looks: Readonly<Record<Overall, readonly [Icon, string]>> = {
  working: [IconCircleCheck, 'mallard'],
  attention: [IconAlertTriangle, 'orange'],
  starting: [IconLoader2, 'blue'],
  stopping: [IconLoader2, 'blue'],
  down: [IconCircleX, 'red'],
};

export function HomePage(): ReactElement {
  const { t } = useTranslation();
  const { data: status, error, refetch } = useQuery(statusQuery);
  return (
    <Stack gap="lg">
      <title>{`${t('nav.home')} · Mallard`}</title>
      {status === undefined ? (
        error === null ? (
          <Box role="status" aria-label={t('common.loading')}>
            <Skeleton height={84} radius="lg" />
          </Box>
        ) : (
          <FaultAlert fault={error} title={t('home.notLoaded')} onRetry={() => void refetch()} />
        )
      ) : (
        <Loaded status={status} />
      )}
    </Stack>
  );
}

function Loaded({ status }: { status: Status }): ReactElement {
  const { t } = useTranslation();
  const attention = attentionOf(status, useWatched(status));
  const good = status.notices.filter((notice) => notice.level === 'info');
  return (
    <>
      <Sentence overall={overallOf(status, attention.length)} attention={attention} />
      {attention.length > 0 && <AttentionList items={attention} />}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <ServicesCard status={status} />
        <MailCard />
        <StorageCard status={status} />
        <SecurityCard />
        <PeopleCard />
        <LoadCard status={status} />
        <WarningsCard />
      </SimpleGrid>
      {good.length > 0 && (
        <Alert color="gray" variant="light" icon={<IconInfoCircle aria-hidden />} title={t('home.goodToKnow')}>
          <Stack gap={4}>
            {good.slice(-5).map((notice) => (
              <Text size="sm" key={`${notice.at} ${notice.message}`}>
                {notice.message}
              </Text>
            ))}
          </Stack>
        </Alert>
      )}
    </>
  );
}

function Sentence({ overall, attention }: { overall: Overall; attention: readonly Attention[] }): ReactElement {
  const { t } = useTranslation();
  const [IconOf, color] = looks[overall];
  const sentence = t(`home.sentence.${overall}`, { count: attention.length });
  useEffect(() => announce(sentence), [sentence]);
  return (
    <Paper withBorder p="lg">
      <Group wrap="nowrap" gap="md">
        <ThemeIcon size={48} radius="xl" color={color} variant="light">
          <IconOf size={28} aria-hidden />
        </ThemeIcon>
        <div style={{ flex: 1 }}>
          <Title order={1} fz="1.45rem">
            {sentence}
          </Title>
          <Text c="dimmed">{t(`home.under.${overall}`)}</Text>
        </div>
        <Button
          visibleFrom="sm"
          leftSection={<IconDeviceMobile size={17} aria-hidden />}
          renderRoot={(props) => <Link to="/connect" search={{}} {...props} />}
        >
          {t('nav.connect')}
        </Button>
      </Group>
    </Paper>
  );
}
