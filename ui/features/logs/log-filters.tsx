/** What of the log is shown. The choice stands in the address bar, so it can be kept and passed on. */
import { Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFilterOff, IconSearch } from '@tabler/icons-react';
import { type ReactElement, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { logLevelSchema } from '../../../app/appliance/control/contract.ts';
import { listenerNames } from '../../lib/listeners.ts';
import { useStatus } from '../../lib/queries.ts';
import type { LogFilterText } from './use-log-lines.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

export interface LogFiltersProps {
  readonly filter: LogFilterText;
  readonly filtered: boolean;
  readonly onChange: (part: {
    level?: (typeof levels)[number] | undefined;
    service?: string | undefined;
    user?: string | undefined;
    connection?: string | undefined;
    text?: string | undefined;
  }) => void;
  readonly onClear: () => void;
}

export function LogFilters({ filter, filtered, onChange, onClear }: LogFiltersProps): ReactElement {
  const { t } = useTranslation();
  const status = useStatus();
  const services = [
    ...new Set([
      'appliance',
      ...(status?.services ?? []).map(({ name }) => name),
      ...listenerNames,
      ...(filter.service === undefined ? [] : [filter.service]),
    ]),
  ];
  return (
    <Group gap="sm" align="flex-end" role="search" aria-label={t('logs.filters')}>
      <TextFilter
        label={t('logs.textLabel')}
        placeholder={t('logs.textPlaceholder')}
        value={filter.text ?? ''}
        onChange={(text) => onChange({ text: text === '' ? undefined : text })}
        grow
      />
      <Select
        label={t('logs.levelLabel')}
        w={140}
        allowDeselect={false}
        value={levels.find((level) => level === filter.level) ?? 'debug'}
        onChange={(value) => {
          const level = logLevelSchema.safeParse(value);
          onChange({ level: level.success && level.data !== 'trace' && level.data !== 'debug' ? level.data : undefined });
        }}
        data={levels.map((level) => ({ value: level, label: t(`logs.level.${level}`) }))}
      />
      <Select
        label={t('logs.serviceLabel')}
        placeholder={t('logs.allServices')}
        w={170}
        clearable
        searchable
        value={filter.service ?? null}
        onChange={(value) => onChange({ service: value ?? undefined })}
        data={services}
      />
      <TextFilter
        label={t('logs.userLabel')}
        placeholder="anna@example.org"
        value={filter.user ?? ''}
        onChange={(user) => onChange({ user: user === '' ? undefined : user })}
      />
      <TextFilter
        label={t('logs.connectionLabel')}
        placeholder=""
        value={filter.connection ?? ''}
        onChange={(connection) => onChange({ connection: connection === '' ? undefined : connection })}
        narrow
      />
      {filtered && (
        <Button variant="subtle" color="gray" leftSection={<IconFilterOff size={16} aria-hidden />} onClick={onClear}>
          {t('logs.clearFilters')}
        </Button>
      )}
    </Group>
  );
}

function TextFilter(props: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
  grow?: boolean;
  narrow?: boolean;
}): ReactElement {
  const [text, setText] = useState(props.value);
  const tell = useDebouncedCallback(props.onChange, 250);
  useEffect(() => setText(props.value), [props.value]);
  return (
    <TextInput
      label={props.label}
      placeholder={props.placeholder}
      {...(props.grow === true
        ? { flex: 1, miw: 180, leftSection: <IconSearch size={16} aria-hidden /> }
        : { w: props.narrow === true ? 130 : 190 })}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        tell(event.currentTarget.value.trim());
      }}
      autoComplete="off"
      spellCheck={false}
    />
  );
}
