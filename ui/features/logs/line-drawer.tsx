/** Everything that one line tells, and filters made of it. */
import { Button, Code, DataList, Drawer, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconFilter, IconRoute } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogEntry } from '../../../app/appliance/control/contract.ts';
import { useFormats } from '../../lib/format.ts';

export interface LineDrawerProps {
  readonly line: LogEntry | undefined;
  readonly onClose: () => void;
  readonly onFilter: (part: { service?: string; user?: string; connection?: string }) => void;
}

export function LineDrawer({ line, onClose, onFilter }: LineDrawerProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={line !== undefined}
      onClose={onClose}
      position="right"
      size="md"
      title={<Text fw={650}>{t('logs.fields')}</Text>}
    >
      {line !== undefined && <Details line={line} onFilter={onFilter} />}
    </Drawer>
  );
}

/** By what the trace of a message is found: its Message-ID, else who it came from. */
function traceOf(fields: Readonly<Record<string, unknown>>): string | undefined {
  if (!('transaction' in fields) && !('messageId' in fields)) return undefined;
  return [fields['messageId'], fields['to'], fields['from']]
    .flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .find((value) => typeof value === 'string' && value !== '') as string | undefined;
}

function Details({ line, onFilter }: { line: LogEntry; onFilter: LineDrawerProps['onFilter'] }): ReactElement {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const known = [
    ['at', dateTime(line.at)],
    ['level', t(`logs.level.${line.level}`)],
    ['service', line.service],
    ['user', line.user],
    ['connection', line.connection],
    ['pid', line.pid === undefined ? undefined : String(line.pid)],
  ] as const;
  const fields = Object.entries(line.fields ?? {});
  const trace = traceOf(line.fields ?? {});
  return (
    <Stack gap="lg">
      <Text style={{ overflowWrap: 'anywhere' }}>{line.message}</Text>
      <DataList orientation="horizontal">
        {known.map(([name, value]) =>
          value === undefined ? null : (
            <DataList.Item key={name}>
              <DataList.ItemLabel>{t(`logs.field.${name}`)}</DataList.ItemLabel>
              <DataList.ItemValue>{value}</DataList.ItemValue>
            </DataList.Item>
          ),
        )}
        {fields.map(([name, value]) => (
          <DataList.Item key={name}>
            <DataList.ItemLabel>{name}</DataList.ItemLabel>
            <DataList.ItemValue style={{ overflowWrap: 'anywhere' }}>
              {typeof value === 'string' || typeof value === 'number' ? (
                String(value)
              ) : (
                <Code block>{JSON.stringify(value, undefined, 1)}</Code>
              )}
            </DataList.ItemValue>
          </DataList.Item>
        ))}
      </DataList>
      <Group gap="xs">
        {trace !== undefined && (
          <Button
            size="xs"
            leftSection={<IconRoute size={14} aria-hidden />}
            renderRoot={(props) => <Link to="/mail" search={{ tab: 'trace', q: trace }} {...props} />}
          >
            {t('logs.toTrace')}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          leftSection={<IconFilter size={14} aria-hidden />}
          onClick={() => onFilter({ service: line.service })}
        >
          {t('logs.onlyService')}
        </Button>
        {line.user !== undefined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconFilter size={14} aria-hidden />}
            onClick={() => onFilter({ user: line.user ?? '' })}
          >
            {t('logs.onlyUser')}
          </Button>
        )}
        {line.connection !== undefined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconFilter size={14} aria-hidden />}
            onClick={() => onFilter({ connection: line.connection ?? '' })}
          >
            {t('logs.onlyConnection')}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
