/** What guards these pages: password, second factor, passkeys, recovery key, who can reach them, and who is signed in. */
import {
  Alert,
  Badge,
  Button,
  Card,
  Group,
  Radio,
  SimpleGrid,
  Skeleton,
  Stack,
  Table,
  Text,
  Title,
  VisuallyHidden,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { Access } from '../../../app/appliance/control/contract-access.ts';
import { routes } from '../../../app/appliance/control/contract.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { browserName } from '../../lib/browser-name.ts';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { reachOf } from '../../lib/listeners.ts';
import { statusQuery, useChangeSettings, useSettings } from '../../lib/queries.ts';
import { accessQuery } from './api.ts';
import { CodesCard, PasskeysCard, RecoveryCard } from './factor-cards.tsx';
import { PasswordCard } from './password-card.tsx';

export function AccessTab(): ReactElement {
  const { t } = useTranslation();
  const access = useQuery(accessQuery);
  if (access.data === undefined) {
    return access.error === null ? (
      <Skeleton height={240} role="status" aria-label={t('common.loading')} />
    ) : (
      <FaultAlert fault={access.error} onRetry={() => void access.refetch()} />
    );
  }
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <PasswordCard access={access.data} />
        <Stack gap="md">
          <CodesCard access={access.data} />
          <RecoveryCard access={access.data} />
        </Stack>
        <PasskeysCard access={access.data} />
        <ReachCard access={access.data} />
      </SimpleGrid>
      <SessionsCard access={access.data} />
    </Stack>
  );
}

function ReachCard({ access }: { access: Access }): ReactElement {
  const { t } = useTranslation();
  const change = useChangeSettings();
  const host = useSettings()?.get('gui.host')?.value;
  const status = useQuery(statusQuery).data;
  const port = status?.gui === null || status === undefined ? '' : new URL(status.gui).port;
  const name = status?.reachableAs?.[0];
  const reach = typeof host === 'string' ? reachOf(host) : undefined;
  return (
    <Card component="section">
      <Title order={2}>{t('security.access.reach')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('security.access.reachLead')}
      </Text>
      <Stack gap="sm">
        {change.error !== null && <FaultAlert fault={change.error} />}
        <Radio.Group
          aria-label={t('security.access.reach')}
          value={reach ?? ''}
          onChange={(value) => change.mutate({ 'gui.host': value === 'network' ? 'any' : 'localhost' })}
        >
          <Stack gap="xs">
            <Radio value="here" label={t('security.access.reachHere')} />
            <Radio
              value="network"
              label={t('security.access.reachNetwork')}
              description={name === undefined ? undefined : `https://${name.includes(':') ? `[${name}]` : name}:${port}`}
              disabled={!access.passwordSet && reach === 'here'}
            />
            {reach === 'address' && <Radio value="address" label={String(host)} />}
          </Stack>
        </Radio.Group>
        {!access.passwordSet && <Alert color="orange">{t('security.access.reachNeedsPassword')}</Alert>}
      </Stack>
    </Card>
  );
}

function SessionsCard({ access }: { access: Access }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const end = useMutation<unknown, Fault, string | undefined>({
    mutationFn: (id) => (id === undefined ? control(routes.endOtherSessions) : control(routes.endSession, { name: id })),
    onSettled: () => client.invalidateQueries({ queryKey: accessQuery.queryKey }),
  });
  return (
    <Card component="section">
      <Group justify="space-between" mb="md">
        <Title order={2}>{t('security.access.sessions')}</Title>
        <Button
          variant="default"
          disabled={access.sessions.every(({ current }) => current)}
          loading={end.isPending && end.variables === undefined}
          onClick={() => end.mutate(undefined)}
        >
          {t('security.access.endOthers')}
        </Button>
      </Group>
      {end.error !== null && <FaultAlert fault={end.error} />}
      <Table.ScrollContainer minWidth={560}>
        <Table verticalSpacing="xs" aria-label={t('security.access.sessions')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('security.access.browser')}</Table.Th>
              <Table.Th>{t('security.access.by')}</Table.Th>
              <Table.Th>{t('security.access.from')}</Table.Th>
              <Table.Th>{t('security.access.seen')}</Table.Th>
              <Table.Th>
                <VisuallyHidden>{t('security.access.end')}</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {access.sessions.map((session) => (
              <Table.Tr key={session.id}>
                <Table.Td>
                  <Group gap={6}>
                    {browserName(session.browser) ?? t('security.access.unknownBrowser')}
                    {session.current && <Badge variant="light">{t('security.access.thisOne')}</Badge>}
                  </Group>
                </Table.Td>
                <Table.Td>{t(`security.access.method.${session.method}`)}</Table.Td>
                <Table.Td>{session.address}</Table.Td>
                <Table.Td>
                  <RelativeTime at={session.seenAt} />
                </Table.Td>
                <Table.Td ta="end">
                  {!session.current && (
                    <Button
                      size="xs"
                      variant="default"
                      loading={end.isPending && end.variables === session.id}
                      onClick={() => end.mutate(session.id)}
                    >
                      {t('security.access.end')}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}
