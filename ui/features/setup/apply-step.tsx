/** The summary, the one button that writes, and what to do next. */
import { Alert, Button, DataList, Group, Loader, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconCheck, IconCircleCheck, IconDeviceMobile, IconHome } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { routes, type SettingEntry } from '../../../app/appliance/control/contract.ts';
import { CopyValue } from '../../components/copy-value.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { createPerson } from '../../lib/people.ts';
import { type Answers, settingsOf } from './setup-plan.ts';
import { StepHead } from './step-head.tsx';
import { TestMessage } from './test-message.tsx';
import { workerIsBack } from './worker-is-back.ts';

export function ApplyStep({
  answers,
  settings,
}: {
  answers: Answers;
  settings: ReadonlyMap<string, SettingEntry>;
}): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [doing, setDoing] = useState<'settings' | 'waiting' | 'mailbox'>();
  const changes = settingsOf(answers, settings);
  const apply = useMutation<{ id: string | undefined }, Fault>({
    mutationFn: async () => {
      let id: string | undefined;
      // The mailbox first: it can be refused (an address that is taken), and then nothing else has happened.
      if (answers.person !== undefined) {
        setDoing('mailbox');
        id = await createPerson({ ...answers.person, name: answers.person.name.trim() });
      }
      if (Object.keys(changes).length > 0) {
        setDoing('settings');
        const { restart } = await control(routes.changeSettings, { body: { values: changes } });
        if (restart !== 'none') {
          setDoing('waiting');
          await workerIsBack();
        }
      }
      return { id };
    },
    onSettled: async () => {
      setDoing(undefined);
      await client.invalidateQueries({ queryKey: ['settings'] });
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
      <Alert color="gray" title={t('setup.start.title')}>
        <Stack gap={6}>
          <Text size="sm">{t('setup.start.lead')}</Text>
          <CopyValue value="mallard service install" label={t('setup.start.title')} />
        </Stack>
      </Alert>
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
