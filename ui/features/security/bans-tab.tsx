/** Who is kept out for too many wrong passwords: why, until when, and the button that lets them in again. */
import { Alert, Button, Card, Skeleton, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconHome, IconShieldCheck } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import type { Fault } from '../../lib/fault.ts';
import { useFaultWords } from '../../lib/fault-words.ts';
import { notifyDone, notifyFailed } from '../../lib/notify.ts';
import { bansQuery } from '../../lib/queries.ts';
import { liftBan } from './api.ts';

export function BansTab(): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = useFaultWords();
  const bans = useQuery(bansQuery);
  const lift = useMutation<void, Fault, string>({
    mutationFn: liftBan,
    onSuccess: (_, key) => notifyDone(t('security.bans.lifted', { who: keyInWords(key) })),
    onError: (fault, key) => notifyFailed(t('security.bans.notLifted', { who: keyInWords(key) }), words(fault).advice),
    onSettled: () => client.invalidateQueries({ queryKey: bansQuery.queryKey }),
  });
  return (
    <Stack gap="md">
      <Alert color="gray" variant="light" icon={<IconHome aria-hidden />} title={t('security.bans.lanTitle')}>
        <Text size="sm">{t('security.bans.lan')}</Text>
      </Alert>
      <Card component="section" aria-label={t('security.tab.bans')}>
        {bans.data === undefined ? (
          bans.error === null ? (
            <Skeleton height={120} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={bans.error} onRetry={() => void bans.refetch()} />
          )
        ) : bans.data.length === 0 ? (
          <Empty icon={IconShieldCheck} title={t('security.bans.emptyTitle')}>
            {t('security.bans.emptyLead')}
          </Empty>
        ) : (
          <Table.ScrollContainer minWidth={600}>
            <Table verticalSpacing="xs" aria-label={t('security.tab.bans')}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('security.bans.who')}</Table.Th>
                  <Table.Th>{t('security.bans.why')}</Table.Th>
                  <Table.Th>{t('security.bans.since')}</Table.Th>
                  <Table.Th>{t('security.bans.until')}</Table.Th>
                  <Table.Th>
                    <VisuallyHidden>{t('security.bans.lift')}</VisuallyHidden>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {bans.data.map((ban) => (
                  <Table.Tr key={ban.key}>
                    <Table.Td>{keyInWords(ban.key)}</Table.Td>
                    <Table.Td>{ban.reason}</Table.Td>
                    <Table.Td>
                      <RelativeTime at={ban.since} />
                    </Table.Td>
                    <Table.Td>
                      <RelativeTime at={ban.until} />
                    </Table.Td>
                    <Table.Td ta="end">
                      <Button
                        size="xs"
                        variant="default"
                        loading={lift.isPending && lift.variables === ban.key}
                        onClick={() => lift.mutate(ban.key)}
                        aria-label={`${t('security.bans.lift')}: ${keyInWords(ban.key)}`}
                      >
                        {t('security.bans.lift')}
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Card>
    </Stack>
  );
}

/** A key is an address, or a name and an address with something between that nobody types. */
export function keyInWords(key: string): string {
  return key
    .split(/[\0\s|]+/)
    .filter((part) => part !== '')
    .join(' · ');
}
