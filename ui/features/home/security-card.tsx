/** How well the doors are shut: certificate, who is kept out, failed sign-ins, the administrator's own password. */
import { Group, Stack, Text, ThemeIcon } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconCheck, IconShieldLock } from '@tabler/icons-react';
import { type ReactElement, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../lib/format.ts';
import { bansQuery, certificateQuery, sessionQuery } from '../../lib/queries.ts';
import { HomeCard } from './card.tsx';

export function SecurityCard(): ReactElement {
  const { t } = useTranslation();
  const { date } = useFormats();
  const certificate = useQuery(certificateQuery).data;
  const bans = useQuery(bansQuery).data;
  const session = useQuery(sessionQuery).data;
  return (
    <HomeCard icon={IconShieldLock} title={t('nav.security')} more={t('home.allSecurity')} to="/security">
      <Stack gap={6}>
        {certificate !== undefined && (
          <Fact good={new Date(certificate.notAfter).getTime() > Date.now() + 14 * 86_400_000}>
            {t('home.certificateUntil', { date: date(certificate.notAfter) })}
          </Fact>
        )}
        {bans !== undefined && <Fact good>{t('home.keptOut', { count: bans.length })}</Fact>}
        {session !== undefined && (
          <Fact good={session.passwordSet}>{t(session.passwordSet ? 'home.passwordSet' : 'home.passwordMissing')}</Fact>
        )}
      </Stack>
    </HomeCard>
  );
}

function Fact({ good, children }: { good: boolean; children: ReactNode }): ReactElement {
  const { t } = useTranslation();
  const IconOf = good ? IconCheck : IconAlertTriangle;
  return (
    <Group gap="xs" wrap="nowrap">
      <ThemeIcon size={22} radius="xl" variant="light" color={good ? 'mallard' : 'orange'}>
        <IconOf size={14} aria-label={t(good ? 'home.good' : 'home.level.warn')} />
      </ThemeIcon>
      <Text size="sm">{children}</Text>
    </Group>
  );
}
