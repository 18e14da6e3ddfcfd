/** Who changed what: the log of administration, searched and exported, with the proof that nobody rewrote it. */
import { Alert, Button, Card, Code, Group, Skeleton, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { IconDownload, IconHistory, IconShieldCheck } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { writeCsv } from '../../lib/csv.ts';
import { downloadText } from '../../lib/download.ts';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';
import { type ActFilter, actsQuery, allActs, type ChainVerification, verifyActs } from './api.ts';

export function AuditTab(): ReactElement {
  const { t } = useTranslation();
  const { dateTime, number } = useFormats();
  const [filter, setFilter] = useState<ActFilter>({ action: '', from: '', to: '' });
  const [settled] = useDebouncedValue(filter, 300);
  const found = useInfiniteQuery(actsQuery(settled));
  const acts = found.data?.pages.flatMap((page) => page.results) ?? [];
  const verify = useMutation<ChainVerification, Fault>({ mutationFn: verifyActs });
  const save = useMutation<void, Fault>({
    mutationFn: async () => {
      const rows = (await allActs(settled)).map((act) => [
        String(act.seq),
        act.at,
        act.action,
        act.by ?? act.role,
        act.ip,
        act.user ?? '',
        JSON.stringify(act.input),
        act.before === null ? '' : JSON.stringify(act.before),
      ]);
      downloadText(
        'mallard-changes.csv',
        'text/csv',
        writeCsv([['number', 'at', 'action', 'by', 'address', 'user', 'input', 'before'], ...rows]),
      );
    },
  });
  const change = (part: Partial<ActFilter>): void => setFilter({ ...filter, ...part });
  return (
    <Card component="section" aria-label={t('security.tab.changes')}>
      <Text c="dimmed" size="sm" mb="sm">
        {t('security.changes.lead')}
      </Text>
      <Group align="flex-end" mb="md" gap="sm">
        <TextInput
          label={t('security.changes.action')}
          placeholder="updateUser"
          value={filter.action}
          onChange={(event) => change({ action: event.currentTarget.value })}
          spellCheck={false}
        />
        <TextInput
          type="date"
          label={t('security.changes.from')}
          value={filter.from}
          onChange={(event) => change({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={t('security.changes.to')}
          value={filter.to}
          onChange={(event) => change({ to: event.currentTarget.value })}
        />
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          {t('security.changes.export')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconShieldCheck size={16} aria-hidden />}
          loading={verify.isPending}
          onClick={() => verify.mutate()}
        >
          {t('security.changes.verify')}
        </Button>
      </Group>
      {[save.error, verify.error].map((fault, index) =>
        fault === null ? null : <FaultAlert key={index === 0 ? 'save' : 'verify'} fault={fault} />,
      )}
      {verify.data !== undefined && (
        <Alert
          color={verify.data.intact ? 'mallard' : 'red'}
          mb="md"
          role="status"
          title={t(verify.data.intact ? 'security.changes.intact' : 'security.changes.broken')}
        >
          <Text size="sm">
            {verify.data.intact
              ? t('security.changes.intactLead', { count: verify.data.entries })
              : t('security.changes.brokenLead', { number: number(verify.data.brokenAt ?? 0) })}
          </Text>
        </Alert>
      )}
      {found.data === undefined ? (
        found.error === null ? (
          <Skeleton height={200} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={faultOf(found.error)} onRetry={() => void found.refetch()} />
        )
      ) : acts.length === 0 ? (
        <Empty icon={IconHistory} title={t('security.changes.emptyTitle')}>
          {t('security.changes.emptyLead')}
        </Empty>
      ) : (
        <Table.ScrollContainer minWidth={680}>
          <Table verticalSpacing="xs" aria-label={t('security.tab.changes')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('security.changes.when')}</Table.Th>
                <Table.Th>{t('security.changes.what')}</Table.Th>
                <Table.Th>{t('security.changes.by')}</Table.Th>
                <Table.Th>{t('security.changes.details')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {acts.map((act) => (
                <Table.Tr key={act.seq}>
                  <Table.Td style={{ whiteSpace: 'nowrap' }}>{dateTime(act.at)}</Table.Td>
                  <Table.Td>
                    <Code>{act.action}</Code>
                  </Table.Td>
                  <Table.Td>
                    {act.by ?? act.role}
                    <Text size="xs" c="dimmed">
                      {act.ip}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <details>
                      <summary>{Object.keys(given(act.input)).join(', ') || '–'}</summary>
                      <Code fz={11} style={{ overflowWrap: 'anywhere', background: 'none', padding: 0 }}>
                        {JSON.stringify(given(act.input))}
                        {act.before === null ? '' : ` ← ${JSON.stringify(act.before)}`}
                      </Code>
                    </details>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {found.hasNextPage && (
        <Group justify="center" mt="md">
          <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            {t('security.older')}
          </Button>
        </Group>
      )}
    </Card>
  );
}

/** Without the fields that were left out of the call. */
function given(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined));
}
