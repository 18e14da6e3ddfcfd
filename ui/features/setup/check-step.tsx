/** What the appliance finds when it looks at its computer: each with a mark in words, and what to do where something is in the way. */
import { Button, Group, Skeleton, Stack, Text, ThemeIcon } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconCheck, IconRefresh, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { preflightQuery } from './preflight.ts';
import { StepHead } from './step-head.tsx';

const marks = { ok: [IconCheck, 'mallard'], warn: [IconAlertTriangle, 'orange'], fail: [IconX, 'red'] } as const;

export function CheckStep(): ReactElement {
  const { t } = useTranslation();
  const checks = useQuery(preflightQuery);
  const sorted = [...(checks.data ?? [])].sort((a, b) => weight(a.state) - weight(b.state));
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <StepHead title={t('setup.check.title')} lead={t('setup.check.lead')} />
        <Button
          variant="default"
          size="xs"
          leftSection={<IconRefresh size={14} aria-hidden />}
          loading={checks.isFetching}
          onClick={() => void checks.refetch()}
        >
          {t('setup.check.again')}
        </Button>
      </Group>
      {checks.data === undefined ? (
        checks.error === null ? (
          <Skeleton height={200} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={checks.error} onRetry={() => void checks.refetch()} />
        )
      ) : (
        <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
          {sorted.map((check) => {
            const [IconOf, color] = marks[check.state];
            return (
              <Group component="li" key={check.name} wrap="nowrap" align="flex-start" gap="sm">
                <ThemeIcon size={26} radius="xl" variant="light" color={color}>
                  <IconOf size={16} aria-label={t(`setup.check.${check.state}`)} />
                </ThemeIcon>
                <div style={{ minWidth: 0 }}>
                  <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                    <Text span fw={600} inherit>
                      {check.name}
                    </Text>
                    {` · ${check.message}`}
                  </Text>
                  {check.remedy !== undefined && (
                    <Text size="sm" c="dimmed">
                      {check.remedy}
                    </Text>
                  )}
                </div>
              </Group>
            );
          })}
        </Stack>
      )}
    </Stack>
  );
}

function weight(state: 'ok' | 'warn' | 'fail'): number {
  return { fail: 0, warn: 1, ok: 2 }[state];
}
