/** Tells screen readers when a service changes its state: good news politely, failures at once. */
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Service } from '../../../app/appliance/control/contract.ts';
import { announce } from '../../lib/announce.tsx';
import { engineTitle } from './engine-title.ts';

export function useStateNews(services: readonly Service[]): void {
  const { t } = useTranslation();
  const known = useRef(new Map<string, Service['state']>());
  useEffect(() => {
    for (const service of services) {
      const former = known.current.get(service.name);
      known.current.set(service.name, service.state);
      if (former === undefined || former === service.state) continue;
      const bad = service.state === 'failed' || service.state === 'crashed';
      announce(
        t('services.news', { name: engineTitle(t, service), state: t(`state.${service.state}`) }),
        bad ? 'urgent' : 'polite',
      );
    }
  }, [services, t]);
}
