/** When Mallard starts. What needs an administrator's rights is told as commands. */
import { Alert, Radio, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { StartMode } from '../../../app/appliance/control/contract.ts';
import { CopyValue } from '../../components/copy-value.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { startModeQuery } from './preflight.ts';

const modes = ['manual', 'signIn', 'computer'] as const;

export function StartPart({
  chosen,
  onChange,
}: {
  chosen: StartMode['mode'] | undefined;
  onChange: (mode: StartMode['mode']) => void;
}): ReactElement {
  const { t } = useTranslation();
  const start = useQuery(startModeQuery);
  if (start.data === undefined)
    return start.error === null ? <Text size="sm">{t('common.loading')}</Text> : <FaultAlert fault={start.error} />;
  const { mode, install, remove, serviceKnown } = start.data;
  const value = chosen ?? mode;
  const commands =
    value === 'computer' && mode !== 'computer' ? install : value !== 'computer' && mode === 'computer' ? remove : [];
  return (
    <Stack gap="sm">
      <Radio.Group label={t('setup.start.title')} value={value} onChange={(next) => onChange(next as StartMode['mode'])}>
        <Stack gap="xs" mt="xs">
          {modes.map((each) => (
            <Radio
              key={each}
              value={each}
              label={t(`setup.start.${each}.name`)}
              description={t(`setup.start.${each}.what`)}
              disabled={each === 'computer' && !serviceKnown}
            />
          ))}
        </Stack>
      </Radio.Group>
      {!serviceKnown && (
        <Text size="sm" c="dimmed">
          {t('setup.start.noService')}
        </Text>
      )}
      {commands.length > 0 && (
        <Alert color="gray" title={t('setup.start.commands')}>
          <Stack gap={6}>
            <Text size="sm">{t('setup.start.commandsLead')}</Text>
            {commands.map((command) => (
              <CopyValue key={command} value={command} label={t('setup.folder.command')} />
            ))}
          </Stack>
        </Alert>
      )}
    </Stack>
  );
}

/** What can be written without more rights; undefined: nothing. */
export function writableMode(chosen: StartMode['mode'] | undefined, now: StartMode | undefined): StartMode['mode'] | undefined {
  if (chosen === undefined || now === undefined || chosen === now.mode) return undefined;
  return chosen === 'computer' || now.mode === 'computer' ? undefined : chosen;
}
