/** How the server will be used: this decides how mail leaves, and who may bring some. */
import { Group, PasswordInput, Radio, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { IconBuilding, IconFlask, IconSend, IconWorld, type Icon } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './setup.module.css';
import { type Answers, type problemOf, type Usage, usages } from './setup-plan.ts';
import { StepHead } from './step-head.tsx';

const icons: Readonly<Record<Usage, Icon>> = { office: IconBuilding, relay: IconSend, internet: IconWorld, testing: IconFlask };

export interface AnswerStepProps {
  readonly answers: Answers;
  readonly onChange: (part: Partial<Answers>) => void;
  readonly problem: ReturnType<typeof problemOf>;
}

export function UsageStep({ answers, onChange, problem }: AnswerStepProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Stack gap="lg">
      <StepHead title={t('setup.usage.title')} lead={t('setup.usage.lead')} />
      <Radio.Group
        value={answers.usage}
        onChange={(usage) => onChange({ usage: usage as Usage })}
        aria-label={t('setup.usage.title')}
      >
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          {usages.map((usage) => {
            const IconOf = icons[usage];
            return (
              <Radio.Card key={usage} value={usage} className={classes['tile'] ?? ''} radius="md">
                <Group wrap="nowrap" align="flex-start">
                  <Radio.Indicator mt={2} />
                  <IconOf size={24} stroke={1.6} aria-hidden style={{ flex: 'none' }} />
                  <div>
                    <Text fw={600}>{t(`setup.usage.${usage}.name`)}</Text>
                    <Text size="sm" c="dimmed">
                      {t(`setup.usage.${usage}.what`)}
                    </Text>
                  </div>
                </Group>
              </Radio.Card>
            );
          })}
        </SimpleGrid>
      </Radio.Group>
      {answers.usage === 'relay' && (
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <TextInput
            label={t('setup.usage.relayHost')}
            placeholder="smtp.provider.example"
            required
            value={answers.relayHost}
            onChange={(event) => onChange({ relayHost: event.currentTarget.value })}
            error={problem === 'relayHost'}
            spellCheck={false}
          />
          <TextInput
            label={t('setup.usage.relayUser')}
            value={answers.relayUser}
            onChange={(event) => onChange({ relayUser: event.currentTarget.value })}
            autoComplete="off"
            spellCheck={false}
          />
          <PasswordInput
            label={t('setup.usage.relayPassword')}
            value={answers.relayPassword}
            onChange={(event) => onChange({ relayPassword: event.currentTarget.value })}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': t('setup.usage.showPassword') }}
          />
        </SimpleGrid>
      )}
    </Stack>
  );
}
