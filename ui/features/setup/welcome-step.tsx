/** Language and colours, at once, because the rest is read with them. */
import { Radio, SimpleGrid, Stack, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, type Language, languageNames, languages } from '../../lib/i18n.ts';
import { StepHead } from './step-head.tsx';

export function WelcomeStep(): ReactElement {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Stack gap="lg">
      <StepHead title={t('setup.welcome.title')} lead={t('setup.welcome.lead')} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Radio.Group
          label={t('common.language')}
          value={i18n.language}
          onChange={(name) => void changeLanguage(name as Language)}
        >
          <Stack gap="xs" mt="xs">
            {languages.map((language) => (
              <Radio key={language} value={language} label={languageNames[language]} lang={language} />
            ))}
          </Stack>
        </Radio.Group>
        <Radio.Group
          label={t('common.colors')}
          value={colorScheme}
          onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}
        >
          <Stack gap="xs" mt="xs">
            {(['auto', 'light', 'dark'] as const).map((scheme) => (
              <Radio key={scheme} value={scheme} label={t(`common.scheme.${scheme}`)} />
            ))}
          </Stack>
        </Radio.Group>
      </SimpleGrid>
    </Stack>
  );
}
