/**
 * Languages. A catalogue is one chunk, loaded when it is chosen; German must have exactly the keys of English (the type says so).
 * The choice is kept in this browser; without one, the browser's own languages decide.
 */
import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Catalogue } from '../locales/en.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: Catalogue };
    returnNull: false;
  }
}

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];
/** Each in its own words. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' };

const storageKey = 'mallard-language';
const loaders: Readonly<Record<Language, () => Promise<Catalogue>>> = {
  en: async () => (await import('../locales/en.ts')).en,
  de: async () => (await import('../locales/de.ts')).de,
};

export function preferredLanguage(): Language {
  const wanted = [stored(), ...navigator.languages].flatMap((name) =>
    name === undefined ? [] : [name.slice(0, 2).toLowerCase()],
  );
  return wanted.find(isLanguage) ?? 'en';
}

function isLanguage(name: string): name is Language {
  return (languages as readonly string[]).includes(name);
}

function stored(): string | undefined {
  try {
    return localStorage.getItem(storageKey) ?? undefined;
  } catch {
    // Storage may be forbidden; the browser's language decides then.
    return undefined;
  }
}

export async function startI18n(language: Language = preferredLanguage()): Promise<i18n> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: language,
    resources: { [language]: { translation: await loaders[language]() } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
  return i18next;
}

export async function changeLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation'))
    i18next.addResourceBundle(language, 'translation', await loaders[language]());
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // Only this visit remembers it then.
  }
}
