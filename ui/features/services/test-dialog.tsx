/** A client's loop over one protocol, step by step in words, with the server's own words as details. */
import { Alert, Button, Code, Group, Loader, Modal, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconCheck, IconX } from '@tabler/icons-react';
import { type ReactElement, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { routes, type SelfTest } from '../../../app/appliance/control/contract.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { announce } from '../../lib/announce.tsx';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';

export function TestDialog({
  name,
  title,
  opened,
  onClose,
}: {
  name: string;
  title: string;
  opened: boolean;
  onClose: () => void;
}): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>{t('services.test.title', { name: title })}</Text>} size="lg">
      <Body name={name} title={title} />
    </Modal>
  );
}

function Body({ name, title }: { name: string; title: string }): ReactElement {
  const { t } = useTranslation();
  const test = useMutation<SelfTest, Fault>({
    mutationFn: () => control(routes.testListener, { name }),
    onSuccess: ({ ok }) => announce(t(ok ? 'services.test.works' : 'services.test.fails', { name: title })),
  });
  const { mutate } = test;
  useEffect(() => mutate(), [mutate]);
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t('services.test.lead')}
      </Text>
      {test.isPending && (
        <Group gap="sm" role="status">
          <Loader size="sm" />
          <Text size="sm">{t('services.test.running')}</Text>
        </Group>
      )}
      {test.error !== null && <FaultAlert fault={test.error} title={t('services.test.notRun')} onRetry={() => mutate()} />}
      {test.data !== undefined && (
        <>
          <Alert
            color={test.data.ok ? 'mallard' : 'red'}
            icon={test.data.ok ? <IconCheck aria-hidden /> : <IconX aria-hidden />}
            title={t(test.data.ok ? 'services.test.works' : 'services.test.fails', { name: title })}
          />
          {test.data.runs.map((run) => (
            <Run key={run.host} run={run} />
          ))}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => mutate()}>
              {t('services.test.again')}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}

function Run({ run }: { run: SelfTest['runs'][number] }): ReactElement {
  const { t } = useTranslation();
  const { number } = useFormats();
  return (
    <Stack gap={6} component="section">
      <Title order={3} fz="sm">
        {t(run.host.includes(':') ? 'services.test.over6' : 'services.test.over4', { host: run.host, port: run.port })}
      </Title>
      {run.steps.map((step) => (
        <Group key={step.what} gap="sm" wrap="nowrap" align="flex-start">
          <ThemeIcon size={22} radius="xl" variant="light" color={step.ok ? 'mallard' : 'red'}>
            {step.ok ? (
              <IconCheck size={14} aria-label={t('services.test.good')} />
            ) : (
              <IconX size={14} aria-label={t('services.test.bad')} />
            )}
          </ThemeIcon>
          <div>
            <Text size="sm">
              {t(`services.test.step.${step.what}`)}{' '}
              <Text span size="xs" c="dimmed">
                {number(step.ms)} ms
              </Text>
            </Text>
            {step.said !== '' && (
              <Code fz={11} style={{ overflowWrap: 'anywhere' }}>
                {step.said}
              </Code>
            )}
            {!step.ok && (
              <Text size="sm" mt={4}>
                {t(`services.test.advice.${step.what}`)}
              </Text>
            )}
          </div>
        </Group>
      ))}
    </Stack>
  );
}
