/** The name of the server, and the certificate that it makes for it. */
import { Alert, Anchor, Stack, Text, TextInput } from '@mantine/core';
import { IconCertificate } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { StepHead } from './step-head.tsx';
import type { AnswerStepProps } from './usage-step.tsx';

export function NameStep({ answers, onChange, problem }: AnswerStepProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Stack gap="lg">
      <StepHead title={t('setup.name.title')} lead={t('setup.name.lead')} />
      <TextInput
        maw={440}
        label={t('setup.name.hostname')}
        description={t('setup.name.hostnameHelp')}
        placeholder="mail.example.org"
        value={answers.hostname}
        onChange={(event) => onChange({ hostname: event.currentTarget.value })}
        error={problem === 'hostname'}
        autoComplete="off"
        spellCheck={false}
      />
      <Alert color="gray" icon={<IconCertificate aria-hidden />} title={t('setup.name.certificate')}>
        <Text size="sm">{t('setup.name.certificateLead')}</Text>
        <Anchor size="sm" href="/control/authority.crt" download>
          {t('device.authorityGet')}
        </Anchor>
      </Alert>
    </Stack>
  );
}
