/** From a fault's code to words in the person's language. */
import type { TFunction } from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Catalogue } from '../locales/en.ts';
import type { Fault } from './fault.ts';

export interface FaultWords {
  readonly what: string;
  readonly advice: string;
}

type KnownCode = keyof Catalogue['fault'];

export function faultWords(t: TFunction, fault: Fault, known: ReadonlySet<string>): FaultWords {
  const code = (known.has(fault.code) ? fault.code : byStatus(fault.status)) as KnownCode;
  return { what: t(`fault.${code}.what`), advice: t(`fault.${code}.advice`) };
}

function byStatus(status: number): KnownCode {
  if (status === 401) return 'Unauthorized';
  if (status === 404) return 'NotFound';
  if (status >= 400 && status < 500) return 'BadRequest';
  return status === 502 || status === 503 ? 'Unavailable' : 'Internal';
}

export function useFaultWords(): (fault: Fault) => FaultWords {
  const { t, i18n } = useTranslation();
  return useCallback(
    (fault: Fault) => {
      const catalogue = i18n.getResourceBundle(i18n.language, 'translation') as Catalogue | undefined;
      return faultWords(t, fault, new Set(Object.keys(catalogue?.fault ?? {})));
    },
    [t, i18n],
  );
}
