/** The name of the server, and the certificate that it makes for it. */
import { Alert, Anchor, Radio, Stack, Text, TextInput } from '@mantine/core';
import { IconCertificate } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { wantsAcme } from './setup-plan.ts';
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
      {(answers.usage === 'internet' || answers.usage === 'relay') && (
        <Radio.Group
          label={t('setup.name.authority')}
          value={answers.publicCertificate ? 'public' : 'own'}
          onChange={(value) => onChange({ publicCertificate: value === 'public' })}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="own" label={t('setup.name.own')} description={t('setup.name.ownHelp')} />
            <Radio value="public" label={t('setup.name.public')} description={t('setup.name.publicHelp')} />
          </Stack>
        </Radio.Group>
      )}
      {wantsAcme(answers) && (
        <TextInput
          maw={440}
          type="email"
          label={t('setup.name.email')}
          description={t('setup.name.emailHelp')}
          value={answers.certificateEmail}
          onChange={(event) => onChange({ certificateEmail: event.currentTarget.value })}
          spellCheck={false}
        />
      )}
      <Alert color="gray" icon={<IconCertificate aria-hidden />} title={t('setup.name.certificate')}>
        <Text size="sm">{t('setup.name.certificateLead')}</Text>
        <Anchor size="sm" href="/control/authority.crt" download>
          {t('device.authorityGet')}
        </Anchor>
      </Alert>
    </Stack>
  );
}
