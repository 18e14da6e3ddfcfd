/** Says when the page no longer hears the appliance: what it shows is then the last that was known. */
import { Alert, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { type ReactElement, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { announce } from '../lib/announce.tsx';
import { useLinkState } from '../lib/live.ts';

/** A reconnect within this time is nobody's business. */
const patienceMs = 2000;

export function LinkBanner(): ReactElement | null {
  const { t } = useTranslation();
  const state = useLinkState();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (state !== 'lost') {
      setShown((was) => {
        if (was && state === 'open') announce(t('link.back'));
        return state === 'open' ? false : was;
      });
      return;
    }
    const timer = window.setTimeout(() => {
      setShown(true);
      announce(t('link.lost'), 'urgent');
    }, patienceMs);
    return () => window.clearTimeout(timer);
  }, [state, t]);
  if (!shown) return null;
  return (
    <Alert color="orange" icon={<IconPlugConnectedX aria-hidden />} title={t('link.lost')} mb="lg">
      <Text size="sm">{t('link.advice')}</Text>
    </Alert>
  );
}
