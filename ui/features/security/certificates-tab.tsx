/** The certificate of this server, the authority that devices must trust, and certificates from elsewhere. */
import {
  Accordion,
  Alert,
  Badge,
  Button,
  Card,
  Code,
  Group,
  Skeleton,
  Stack,
  Table,
  Text,
  Textarea,
  TextInput,
  Title,
  VisuallyHidden,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDownload, IconRefresh, IconUpload } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { routes } from '../../../app/appliance/control/contract.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';
import { notifyDone } from '../../lib/notify.ts';
import { certificateQuery } from '../../lib/queries.ts';
import { type CertificateEntry, certificatesQuery, putCertificate, removeCertificate } from './api.ts';

export function CertificatesTab(): ReactElement {
  return (
    <Stack gap="md">
      <OwnCard />
      <TrustCard />
      <OthersCard />
    </Stack>
  );
}

function OwnCard(): ReactElement {
  const { t } = useTranslation();
  const { date } = useFormats();
  const client = useQueryClient();
  const own = useQuery(certificateQuery);
  const renew = useMutation<unknown, Fault>({
    mutationFn: () => control(routes.renewCertificate),
    onSuccess: () => notifyDone(t('security.certificates.renewed')),
    onSettled: () => client.invalidateQueries({ queryKey: certificateQuery.queryKey }),
  });
  return (
    <Card component="section">
      <Title order={2}>{t('security.certificates.own')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('security.certificates.ownLead')}
      </Text>
      {own.data === undefined ? (
        own.error === null ? (
          <Skeleton height={90} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={own.error} onRetry={() => void own.refetch()} />
        )
      ) : (
        <Stack gap="sm" align="flex-start">
          {renew.error !== null && <FaultAlert fault={renew.error} />}
          <Group gap={6}>
            {own.data.names.map((name) => (
              <Badge key={name} variant="default" tt="none">
                {name}
              </Badge>
            ))}
          </Group>
          <Text size="sm">
            {t('security.certificates.until', { date: date(own.data.notAfter) })} (<RelativeTime at={own.data.notAfter} />)
          </Text>
          <Text size="sm" c="dimmed">
            SHA-256 <Code style={{ overflowWrap: 'anywhere' }}>{own.data.fingerprint}</Code>
          </Text>
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={renew.isPending}
            onClick={() => renew.mutate()}
          >
            {t('security.certificates.renew')}
          </Button>
        </Stack>
      )}
    </Card>
  );
}

const systems = ['windows', 'macos', 'ios', 'android', 'linux', 'firefox'] as const;

function TrustCard(): ReactElement {
  const { t } = useTranslation();
  const authority = useQuery(certificateQuery).data?.authority;
  return (
    <Card component="section">
      <Title order={2}>{t('security.certificates.trust')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('security.certificates.trustLead')}
      </Text>
      <Group mb="sm">
        <Button
          leftSection={<IconDownload size={16} aria-hidden />}
          renderRoot={(props) => <a href="/control/authority.crt" download {...props} />}
        >
          {t('security.certificates.download')}
        </Button>
      </Group>
      {authority !== undefined && (
        <Text size="sm" c="dimmed" mb="sm">
          {authority.name} · SHA-256 <Code style={{ overflowWrap: 'anywhere' }}>{authority.fingerprint}</Code>
        </Text>
      )}
      <Accordion variant="contained" order={3}>
        {systems.map((system) => (
          <Accordion.Item key={system} value={system}>
            <Accordion.Control>{t(`security.certificates.on.${system}.title`)}</Accordion.Control>
            <Accordion.Panel>
              <Text size="sm" style={{ whiteSpace: 'pre-line' }}>
                {t(`security.certificates.on.${system}.steps`)}
              </Text>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </Card>
  );
}

function OthersCard(): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const found = useQuery(certificatesQuery);
  const [removing, setRemoving] = useState<CertificateEntry>();
  const [adding, setAdding] = useState(false);
  const remove = useMutation<void, Fault, string>({
    mutationFn: removeCertificate,
    onSuccess: () => setRemoving(undefined),
    onSettled: () => client.invalidateQueries({ queryKey: certificatesQuery.queryKey }),
  });
  return (
    <Card component="section">
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={2}>{t('security.certificates.others')}</Title>
          <Text c="dimmed" size="sm" mb="md">
            {t('security.certificates.othersLead')}
          </Text>
        </div>
        {!adding && (
          <Button variant="default" leftSection={<IconUpload size={16} aria-hidden />} onClick={() => setAdding(true)}>
            {t('security.certificates.upload')}
          </Button>
        )}
      </Group>
      {adding && <Upload onDone={() => setAdding(false)} />}
      {found.error !== null && <FaultAlert fault={found.error} onRetry={() => void found.refetch()} />}
      {found.data !== undefined && found.data.length === 0 && !adding && <Text size="sm">{t('security.certificates.none')}</Text>}
      {found.data !== undefined && found.data.length > 0 && (
        <Table verticalSpacing="xs" aria-label={t('security.certificates.others')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('security.certificates.name')}</Table.Th>
              <Table.Th>{t('security.certificates.expires')}</Table.Th>
              <Table.Th>
                <VisuallyHidden>{t('security.access.remove')}</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.data.map((each) => (
              <Table.Tr key={each.id}>
                <Table.Td>{each.servername}</Table.Td>
                <Table.Td>
                  <RelativeTime at={each.expires} />
                </Table.Td>
                <Table.Td ta="end">
                  <Button size="xs" variant="default" onClick={() => setRemoving(each)}>
                    {t('security.access.remove')}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('security.certificates.askRemove', { name: removing?.servername ?? '' })}
        confirmLabel={t('security.access.remove')}
        danger
        busy={remove.isPending}
        onConfirm={() => {
          if (removing !== undefined) remove.mutate(removing.id);
        }}
        onClose={() => setRemoving(undefined)}
      >
        {t('security.certificates.removeEffect')}
      </ConfirmDialog>
    </Card>
  );
}

function Upload({ onDone }: { onDone: () => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [cert, setCert] = useState('');
  const [key, setKey] = useState('');
  const put = useMutation<void, Fault>({
    mutationFn: () => putCertificate(name.trim(), cert, key),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: certificatesQuery.queryKey });
      notifyDone(t('security.certificates.uploaded', { name: name.trim() }));
      onDone();
    },
  });
  const pem = { autosize: true, minRows: 3, maxRows: 8, spellCheck: false, required: true } as const;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        put.mutate();
      }}
    >
      <Stack gap="sm" mb="md">
        {put.error !== null && <FaultAlert fault={put.error} />}
        <TextInput
          label={t('security.certificates.name')}
          placeholder="mail.example.org"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          spellCheck={false}
          required
        />
        <Textarea
          {...pem}
          label={t('security.certificates.chain')}
          placeholder="-----BEGIN CERTIFICATE-----"
          value={cert}
          onChange={(event) => setCert(event.currentTarget.value)}
        />
        <Textarea
          {...pem}
          label={t('security.certificates.key')}
          placeholder="-----BEGIN PRIVATE KEY-----"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <Alert color="gray" variant="light" p="sm">
          <Text size="sm">{t('security.certificates.keyStays')}</Text>
        </Alert>
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={put.isPending}>
            {t('security.certificates.upload')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
