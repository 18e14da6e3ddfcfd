/** What DNS says now: in one sentence for the domain, and a mark with words for each record. */
import { Alert, Badge, Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconHelp, IconRefresh, type Icon } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { DnsFound } from '../../../app/appliance/control/contract.ts';

const looks: Readonly<Record<DnsFound['state'], readonly [Icon, string]>> = {
  right: [IconCircleCheck, 'mallard'],
  missing: [IconAlertTriangle, 'orange'],
  different: [IconAlertTriangle, 'orange'],
  several: [IconAlertTriangle, 'red'],
  unknown: [IconHelp, 'gray'],
};

export function DnsSummary({
  wrong,
  busy,
  onAgain,
}: {
  wrong: number | undefined;
  busy: boolean;
  onAgain: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const sentence =
    wrong === undefined
      ? t('domains.dns.checking')
      : wrong === 0
        ? t('domains.dns.allRight')
        : t('domains.dns.wrong', { count: wrong });
  return (
    <Alert color={wrong === undefined ? 'gray' : wrong === 0 ? 'mallard' : 'orange'} variant="light" p="sm">
      <Group justify="space-between">
        <Text size="sm" role="status">
          {sentence}
        </Text>
        <Button size="xs" variant="default" loading={busy} leftSection={<IconRefresh size={14} aria-hidden />} onClick={onAgain}>
          {t('domains.dns.again')}
        </Button>
      </Group>
    </Alert>
  );
}

export function DnsMark({ found }: { found: DnsFound | undefined }): ReactElement | null {
  const { t } = useTranslation();
  if (found === undefined) return null;
  const [IconOf, color] = looks[found.state];
  return (
    <Badge variant="light" color={color} leftSection={<IconOf size={13} aria-hidden />}>
      {t(`domains.dns.state.${found.state}`)}
    </Badge>
  );
}

/** What stands there instead. */
export function DnsDifference({ found }: { found: DnsFound | undefined }): ReactElement | null {
  const { t } = useTranslation();
  if (found === undefined || (found.state !== 'different' && found.state !== 'several')) return null;
  return (
    <Stack gap={4} mt={6}>
      <Text size="sm">{t(`domains.dns.advice.${found.state}`)}</Text>
      {found.found.map((value) => (
        <Code key={value} style={{ overflowWrap: 'anywhere' }}>
          {value}
        </Code>
      ))}
    </Stack>
  );
}
