/** How much a mailbox may hold: a size, or unlimited. */
import { Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import { type ReactElement, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { tryBytes } from '../lib/format.ts';

export interface QuotaValue {
  readonly limited: boolean;
  readonly text: string;
}

/** Bytes, 0 for unlimited; undefined when the text is no size. */
export function quotaBytes(value: QuotaValue): number | undefined {
  if (!value.limited) return 0;
  const bytes = tryBytes(value.text);
  return bytes === undefined || bytes < 1024 * 1024 ? undefined : bytes;
}

export function QuotaField({ value, onChange }: { value: QuotaValue; onChange: (value: QuotaValue) => void }): ReactElement {
  const { t } = useTranslation();
  const id = useId();
  const wrong = value.limited && value.text !== '' && quotaBytes(value) === undefined;
  return (
    <div role="group" aria-labelledby={id}>
      <Text size="sm" fw={600} id={id} mb={4}>
        {t('quota.label')}
      </Text>
      <Group gap="sm" align="flex-start">
        <SegmentedControl
          value={value.limited ? 'limited' : 'unlimited'}
          onChange={(choice) => onChange({ ...value, limited: choice === 'limited' })}
          data={[
            { value: 'limited', label: t('quota.limited') },
            { value: 'unlimited', label: t('common.unlimited') },
          ]}
        />
        {value.limited && (
          <TextInput
            flex={1}
            aria-label={t('quota.size')}
            placeholder="5 GB"
            value={value.text}
            onChange={(event) => onChange({ ...value, text: event.currentTarget.value })}
            error={wrong ? t('quota.wrong') : undefined}
          />
        )}
      </Group>
    </div>
  );
}
