/** The password of these pages, where there is none yet. */
import { PasswordInput, Stack, Text, Title } from '@mantine/core';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerStepProps } from './usage-step.tsx';

export function AdminPart({ answers, onChange, problem }: AnswerStepProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" component="section">
      <div>
        <Title order={3}>{t('setup.admin.title')}</Title>
        <Text size="sm" c="dimmed">
          {t('setup.admin.lead')}
        </Text>
      </div>
      <PasswordInput
        maw={440}
        label={t('setup.admin.label')}
        description={t('signIn.newPasswordHelp')}
        value={answers.adminPassword}
        onChange={(event) => onChange({ adminPassword: event.currentTarget.value })}
        error={problem === 'adminPassword'}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': t('common.showPassword') }}
      />
    </Stack>
  );
}
