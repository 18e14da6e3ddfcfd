/** The domains of the addresses here: the DNS records that each needs, its signing key, and other domains that stand for it. */
import { Accordion, Alert, Badge, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconDownload, IconKey, IconWorld } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { CopyValue } from '../../components/copy-value.tsx';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { downloadText } from '../../lib/download.ts';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { useSettings, useStatus } from '../../lib/queries.ts';
import type { DnsFound } from '../../../app/appliance/control/contract.ts';
import { DnsDifference, DnsMark, DnsSummary } from './dns-state.tsx';
import { AliasesCard } from './aliases-card.tsx';
import { dnsQuery, type Domain, domainsQuery, keyQuery, makeKey, removeKey } from './api.ts';
import { recordsOf, SERVICE_RECORDS, zoneFile } from '../../../server/api/contract/dns-records.ts';

export function DomainsPage(): ReactElement {
  const { t } = useTranslation();
  const domains = useQuery(domainsQuery);
  return (
    <Page title={t('domains.title')} lead={t('domains.lead')}>
      {domains.data === undefined ? (
        domains.error === null ? (
          <Skeleton height={240} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={domains.error} title={t('domains.notLoaded')} onRetry={() => void domains.refetch()} />
        )
      ) : domains.data.length === 0 ? (
        <Empty
          icon={IconWorld}
          title={t('domains.emptyTitle')}
          action={
            <Button renderRoot={(props) => <Link to="/people" search={{ add: true }} {...props} />}>{t('people.add')}</Button>
          }
        >
          {t('domains.emptyLead')}
        </Empty>
      ) : (
        <Stack gap="xl">
          <Accordion variant="separated" radius="lg" defaultValue={domains.data[0]?.name ?? null} order={2}>
            {domains.data.map((domain) => (
              <Accordion.Item key={domain.name} value={domain.name}>
                <Accordion.Control icon={<IconWorld size={20} stroke={1.7} aria-hidden />}>
                  <Group gap="sm">
                    <Text fw={600}>{domain.name}</Text>
                    <Badge variant="light" color={domain.key === undefined ? 'gray' : 'mallard'}>
                      {t(domain.key === undefined ? 'domains.unsigned' : 'domains.signed')}
                    </Badge>
                  </Group>
                </Accordion.Control>
                <Accordion.Panel>
                  <DomainPanel domain={domain} />
                </Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
          <AliasesCard domains={domains.data.map(({ name }) => name)} />
        </Stack>
      )}
    </Page>
  );
}

function DomainPanel({ domain }: { domain: Domain }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const status = useStatus();
  const settings = useSettings();
  const key = useQuery({ ...keyQuery(domain.key?.id ?? ''), enabled: domain.key !== undefined });
  const [removing, setRemoving] = useState(false);
  const change = useMutation<void, Fault, { done: string; run: () => Promise<void> }>({
    mutationFn: ({ run }) => run(),
    onSuccess: async (_, { done }) => {
      setRemoving(false);
      notifyDone(done);
      await client.invalidateQueries({ queryKey: ['domains'] });
    },
  });
  const hostname = settings?.get('server.hostname')?.value;
  const server = typeof hostname === 'string' && hostname !== '' ? hostname : undefined;
  const records = recordsOf({
    domain: domain.name,
    server: server ?? `mail.${domain.name}`,
    dkim: key.data === undefined ? [] : [key.data.dnsTxt],
    ports: Object.fromEntries(
      SERVICE_RECORDS.flatMap((name) => {
        const port = status?.endpoints[name]?.port;
        return port === undefined ? [] : [[name, port]];
      }),
    ),
  });
  const wanted = [
    ...records.map(({ type, name, value }) => ({ type, name, value })),
    { type: 'A' as const, name: server ?? `mail.${domain.name}`, value: '' },
  ];
  const check = useQuery(dnsQuery(wanted));
  const stateOf = (type: string, name: string, at: number): DnsFound | undefined => {
    const found = check.data?.[at];
    return found?.type === type && found.name === name ? found : undefined;
  };
  const wrong = check.data?.filter(({ state }) => state !== 'right').length;
  return (
    <Stack gap="lg">
      <DnsSummary wrong={wrong} busy={check.isFetching} onAgain={() => void check.refetch()} />
      {check.error !== null && <FaultAlert fault={check.error} title={t('domains.dns.notChecked')} />}
      {stateOf('A', wanted.at(-1)?.name ?? '', wanted.length - 1)?.state === 'missing' && (
        <Alert color="red">
          <Text size="sm">{t('domains.dns.noAddress', { name: wanted.at(-1)?.name ?? '' })}</Text>
        </Alert>
      )}
      {change.error !== null && <FaultAlert fault={change.error} title={t('domains.notChanged')} />}
      {server === undefined && (
        <Alert color="orange">
          <Text size="sm">{t('domains.noServerName', { name: `mail.${domain.name}` })}</Text>
        </Alert>
      )}
      <Text size="sm" c="dimmed">
        {t('domains.recordsLead')}
      </Text>
      <Stack gap="md" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {records.map((record, at) => (
          <li key={`${record.type} ${record.name}`}>
            <Group gap="xs" mb={4}>
              <Badge variant="light" color="gray">
                {record.type}
              </Badge>
              <Text size="sm" fw={600}>
                {t(`domains.purpose.${record.purpose}`)}
              </Text>
              <DnsMark found={stateOf(record.type, record.name, at)} />
            </Group>
            <Stack gap={4}>
              <CopyValue value={record.name} label={t('domains.nameOf', { type: record.type })} />
              <CopyValue value={record.value} label={t('domains.valueOf', { type: record.type })} />
            </Stack>
            <DnsDifference found={stateOf(record.type, record.name, at)} />
          </li>
        ))}
      </Stack>
      <Group justify="space-between">
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => downloadText(`${domain.name}.zone`, 'text/dns', zoneFile(records))}
        >
          {t('domains.zone')}
        </Button>
        {domain.key === undefined ? (
          <Button
            leftSection={<IconKey size={16} aria-hidden />}
            loading={change.isPending}
            onClick={() =>
              change.mutate({ done: t('domains.keyMade', { domain: domain.name }), run: () => makeKey(domain.name) })
            }
          >
            {t('domains.makeKey')}
          </Button>
        ) : (
          <Button variant="subtle" color="red" onClick={() => setRemoving(true)}>
            {t('domains.removeKey')}
          </Button>
        )}
      </Group>
      <ConfirmDialog
        opened={removing}
        title={t('domains.askKey', { domain: domain.name })}
        confirmLabel={t('domains.removeKey')}
        danger
        busy={change.isPending}
        onConfirm={() =>
          change.mutate({ done: t('domains.keyRemoved', { domain: domain.name }), run: () => removeKey(domain.key?.id ?? '') })
        }
        onClose={() => setRemoving(false)}
      >
        {t('domains.keyEffect')}
      </ConfirmDialog>
    </Stack>
  );
}
