/**
 * Words for a setting. The registry has a name, a help text and the allowed values in English; the catalogue has a label for each in every language, and
 * the help in languages other than English. A setting that is newer than this page shows its name and the registry's help.
 */
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { SettingEntry } from '../../../app/appliance/control/contract.ts';
import type { Catalogue } from '../../locales/en.ts';

type Labels = Catalogue['settingWords'];

export interface SettingWords {
  readonly label: string;
  readonly help: string;
  readonly group: string;
  /** The word for one of the choices. */
  readonly choice: (value: string) => string;
}

const listenerPattern = /^(imaps?|pop3s?|lmtp|smtp|submissions?|managesieve|api|gui)\.(enabled|host|port)$/;

export function useSettingWords(): (setting: SettingEntry) => SettingWords {
  const { t, i18n } = useTranslation();
  return useCallback(
    (setting: SettingEntry): SettingWords => {
      const words = (i18n.getResourceBundle(i18n.language, 'translation') as Catalogue | undefined)?.settingWords;
      const group = groupOf(setting.name);
      const choice = (value: string): string => words?.choice[setting.name]?.[value] ?? value;
      const listener = listenerPattern.exec(setting.name);
      if (listener !== null) {
        const [, name = '', what = ''] = listener;
        const title = name === 'gui' ? t('settings.gui') : t(`listener.${name as keyof Catalogue['listener']}.title`);
        return {
          label: t(`settings.listener.${what as 'enabled'}`, { name: title }),
          help: t(`settings.listenerHelp.${what as 'enabled'}`, { name: title }),
          group,
          choice,
        };
      }
      const key = setting.name as keyof Labels['label'];
      return {
        label: words?.label[key] ?? setting.name,
        help: (words?.help as Readonly<Record<string, string>> | undefined)?.[setting.name] ?? setting.help,
        group,
        choice,
      };
    },
    [t, i18n, i18n.language],
  );
}

/** Groups in the order of the page. */
export const settingGroups = ['server', 'sending', 'reading', 'security', 'storage', 'protocols', 'databases', 'logs'] as const;
export type SettingGroup = (typeof settingGroups)[number];

export function groupOf(name: string): SettingGroup {
  if (listenerPattern.test(name)) return 'protocols';
  const prefix = name.split('.')[0];
  if (prefix === 'smtp' || prefix === 'delivery' || prefix === 'outbound' || prefix === 'fetch') return 'sending';
  if (prefix === 'imap' || prefix === 'pop3') return 'reading';
  if (prefix === 'auth' || prefix === 'tls' || prefix === 'acme' || prefix === 'spam') return 'security';
  if (prefix === 'store' || prefix === 'backup') return 'storage';
  if (prefix === 'mongo' || prefix === 'redis') return 'databases';
  if (prefix === 'log' || prefix === 'metrics') return 'logs';
  return 'server';
}
