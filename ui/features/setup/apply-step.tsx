/** The summary, the one button that writes, and what to do next. */
import { Alert, Button, DataList, Group, Loader, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconCheck, IconCircleCheck, IconDeviceMobile, IconHome } from '@tabler/icons-react';
import { type ReactElement, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { routes, type SettingEntry } from '../../../app/appliance/control/contract.ts';
import { CopyValue } from '../../components/copy-value.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { sessionQuery } from '../../lib/queries.ts';
import { SecretSheet } from '../../components/secret-sheet.tsx';
import { createPerson } from '../../lib/people.ts';
import { type Answers, settingsOf } from './setup-plan.ts';
import { startModeQuery } from './preflight.ts';
import { StartPart, writableMode } from './start-part.tsx';
import { StepHead } from './step-head.tsx';
import { TestMessage } from './test-message.tsx';
import { workerIsBack } from './worker-is-back.ts';

interface Made {
  id: string | undefined;
  key: string | undefined;
  password: boolean;
}

export function ApplyStep({
  answers,
  settings,
  onChange,
}: {
  answers: Answers;
  onChange: (part: Partial<Answers>) => void;
  settings: ReadonlyMap<string, SettingEntry>;
}): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [doing, setDoing] = useState<'settings' | 'waiting' | 'mailbox' | 'password'>();
  const changes = settingsOf(answers, settings);
  const start = useQuery(startModeQuery).data;
  // What is done stays done when a later part is refused and the button is pressed again.
  const made = useRef<Made>({ id: undefined, key: undefined, password: false });
  const apply = useMutation<Made, Fault>({
    mutationFn: async () => {
      // The mailbox first: it can be refused (an address that is taken), and then nothing else has happened.
      if (answers.person !== undefined && made.current.id === undefined) {
        setDoing('mailbox');
        made.current.id = await createPerson({ ...answers.person, name: answers.person.name.trim() });
      }
      const { adminPassword } = answers;
      if (adminPassword !== '' && !made.current.password) {
        setDoing('password');
        await control(routes.changePassword, { body: { password: adminPassword } });
        made.current.password = true;
      }
      if (adminPassword !== '')
        made.current.key ??= (await control(routes.makeRecoveryKey, { body: { current: adminPassword } })).key;
      const mode = writableMode(answers.startMode, start);
      if (mode !== undefined) await control(routes.setStartMode, { body: { mode } });
      if (Object.keys(changes).length > 0) {
        setDoing('settings');
        const { restart } = await control(routes.changeSettings, { body: { values: changes } });
        if (restart !== 'none') {
          setDoing('waiting');
          await workerIsBack();
        }
      }
      return { ...made.current };
    },
    onSettled: async () => {
      setDoing(undefined);
      await Promise.all(
        [['settings'], sessionQuery.queryKey, startModeQuery.queryKey].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['people', 'list'] }),
  });

  if (apply.data !== undefined) {
    return (
      <Stack gap="lg">
        <StepHead title={t('setup.done.title')} lead={t('setup.done.lead')} />
        {answers.person !== undefined && (
          <Alert
            icon={<IconCircleCheck aria-hidden />}
            title={t('people.added', { name: answers.person.name || answers.person.address })}
          >
            <Stack gap={6}>
              <Text size="sm">{t('people.addedLead')}</Text>
              <CopyValue value={answers.person.address} label={t('people.field.address')} />
              <CopyValue value={answers.person.password} label={t('people.field.password')} />
            </Stack>
          </Alert>
        )}
        {apply.data.key !== undefined && (
          <SecretSheet
            title={t('security.access.recoveryKey')}
            lead={t('security.access.recoveryKeyPrint')}
            fileName="mallard-recovery-key.txt"
            lines={[apply.data.key]}
          />
        )}
        {apply.data.id !== undefined && answers.person !== undefined && (
          <TestMessage user={apply.data.id} address={answers.person.address} />
        )}
        <Group>
          <Button
            leftSection={<IconDeviceMobile size={16} aria-hidden />}
            renderRoot={(props) => (
              <Link to="/connect" search={apply.data.id === undefined ? {} : { person: apply.data.id }} {...props} />
            )}
          >
            {t('nav.connect')}
          </Button>
          <Button
            variant="default"
            leftSection={<IconHome size={16} aria-hidden />}
            renderRoot={(props) => <Link to="/" {...props} />}
          >
            {t('route.home')}
          </Button>
        </Group>
      </Stack>
    );
  }

  return (
    <Stack gap="lg">
      <StepHead title={t('setup.apply.title')} lead={t('setup.apply.lead')} />
      {apply.error !== null && <FaultAlert fault={apply.error} title={t('setup.apply.failed')} />}
      <DataList orientation="horizontal">
        <DataList.Item>
          <DataList.ItemLabel>{t('setup.step.usage')}</DataList.ItemLabel>
          <DataList.ItemValue>{t(`setup.usage.${answers.usage}.name`)}</DataList.ItemValue>
        </DataList.Item>
        <DataList.Item>
          <DataList.ItemLabel>{t('setup.name.hostname')}</DataList.ItemLabel>
          <DataList.ItemValue>{answers.hostname.trim() || t('setup.apply.computerName')}</DataList.ItemValue>
        </DataList.Item>
        <DataList.Item>
          <DataList.ItemLabel>{t('setup.step.mailbox')}</DataList.ItemLabel>
          <DataList.ItemValue>{answers.person?.address ?? t('setup.apply.noMailbox')}</DataList.ItemValue>
        </DataList.Item>
        {Object.entries(changes)
          .filter(([name]) => name !== 'server.hostname')
          .map(([name, value]) => (
            <DataList.Item key={name}>
              <DataList.ItemLabel>{name}</DataList.ItemLabel>
              <DataList.ItemValue>{name.endsWith('password') ? '•••' : String(value)}</DataList.ItemValue>
            </DataList.Item>
          ))}
      </DataList>
      <StartPart chosen={answers.startMode} onChange={(startMode) => onChange({ startMode })} />
      <Group>
        <Button leftSection={<IconCheck size={16} aria-hidden />} loading={apply.isPending} onClick={() => apply.mutate()}>
          {t('setup.apply.button')}
        </Button>
        {doing !== undefined && (
          <Group gap="xs" role="status">
            <Loader size="xs" />
            <Text size="sm">{t(`setup.apply.doing.${doing}`)}</Text>
          </Group>
        )}
      </Group>
    </Stack>
  );
}
