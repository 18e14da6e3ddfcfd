/** Storage in use, as numbers and as a bar; from 80 and 95 % on it also says so in words. */
import { Group, Progress, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../lib/format.ts';

export interface QuotaBarProps {
  readonly used: number;
  /** Undefined: unlimited. */
  readonly allowed: number | undefined;
  readonly large?: boolean;
}

export function QuotaBar({ used, allowed, large = false }: QuotaBarProps): ReactElement {
  const { t } = useTranslation();
  const { bytes, percent } = useFormats();
  const size = large ? 'md' : 'xs';
  if (allowed === undefined) {
    return (
      <Text size={large ? 'md' : 'sm'}>
        {bytes(used)} <Text span c="dimmed" inherit>{`· ${t('common.unlimited')}`}</Text>
      </Text>
    );
  }
  const ratio = allowed === 0 ? 1 : used / allowed;
  const color = ratio >= 0.95 ? 'red' : ratio >= 0.8 ? 'orange' : 'mallard';
  const words = t('quota.of', { used: bytes(used), allowed: bytes(allowed) });
  return (
    <div>
      <Group justify="space-between" gap="xs" wrap="nowrap" mb={3}>
        <Text size={large ? 'md' : 'sm'}>{words}</Text>
        <Text size={large ? 'sm' : 'xs'} {...(ratio < 0.8 ? { c: 'dimmed' } : { fw: 600 })}>
          {ratio >= 0.95 ? t('quota.full', { percent: percent(ratio) }) : percent(ratio)}
        </Text>
      </Group>
      <Progress value={Math.min(100, ratio * 100)} color={color} size={size} aria-label={words} />
    </div>
  );
}
