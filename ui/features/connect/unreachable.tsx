/** Says what would make a device fail before it does. */
import { Alert, Anchor } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { reachOf } from '../../lib/listeners.ts';
import { useSettings } from '../../lib/queries.ts';
import type { DeviceValues } from './device-values.ts';

/** Services that are off, or that only this computer reaches. */
export function Unreachable({ values }: { values: DeviceValues }): ReactNode {
  const { t } = useTranslation();
  const settings = useSettings();
  const hostOf = (name: string): string => {
    const value = settings?.get(`${name}.host`)?.value;
    return typeof value === 'string' ? value : 'any';
  };
  const missing = values.incoming === undefined && values.outgoing === undefined;
  const closed = ['imaps', 'submissions'].some((name) => reachOf(hostOf(name)) === 'here');
  if (!missing && !closed && values.outgoing !== undefined) return null;
  return (
    <Alert color="orange">
      {t(missing ? 'device.allOff' : values.outgoing === undefined ? 'device.noSending' : 'device.onlyHere')}{' '}
      <Anchor href="/services" inherit>
        {t('nav.services')}
      </Anchor>
    </Alert>
  );
}
