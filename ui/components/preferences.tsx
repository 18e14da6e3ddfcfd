/** What a person sets for this browser: language and colours. */
import { ActionIcon, Menu, Tooltip, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconLanguage, IconMoon, IconSun } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, languageNames, languages } from '../lib/i18n.ts';

const schemes = [
  ['auto', IconDeviceDesktop],
  ['light', IconSun],
  ['dark', IconMoon],
] as const satisfies readonly (readonly [MantineColorScheme, unknown])[];

export function LanguageMenu(): ReactElement {
  const { t, i18n } = useTranslation();
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <Tooltip label={t('common.language')}>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('common.language')}>
            <IconLanguage size={20} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {languages.map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            onClick={() => void changeLanguage(language)}
            rightSection={i18n.language === language ? <IconCheck size={16} aria-label={t('common.chosen')} /> : undefined}
          >
            {languageNames[language]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function ColorSchemeMenu(): ReactElement {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = schemes.find(([name]) => name === colorScheme)?.[1] ?? IconSun;
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <Tooltip label={t('common.colors')}>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('common.colors')}>
            <Icon size={20} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(([name, SchemeIcon]) => (
          <Menu.Item
            key={name}
            leftSection={<SchemeIcon size={16} aria-hidden />}
            onClick={() => setColorScheme(name)}
            rightSection={colorScheme === name ? <IconCheck size={16} aria-label={t('common.chosen')} /> : undefined}
          >
            {t(`common.scheme.${name}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
