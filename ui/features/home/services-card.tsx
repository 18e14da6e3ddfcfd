/** The protocols with state and port. */
import { Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconActivityHeartbeat } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { Status } from '../../../app/appliance/control/contract.ts';
import { StateBadge } from '../../components/state-badge.tsx';
import { listenersOf } from '../../lib/listeners.ts';
import { useSettings } from '../../lib/queries.ts';
import { HomeCard } from './card.tsx';

export function ServicesCard({ status }: { status: Status }): ReactElement {
  const { t } = useTranslation();
  const settings = useSettings();
  return (
    <HomeCard icon={IconActivityHeartbeat} title={t('nav.services')} more={t('home.allServices')} to="/services">
      {settings === undefined ? (
        <Skeleton height={150} />
      ) : (
        <Stack gap={7}>
          {listenersOf(status, settings)
            .filter(({ name }) => name !== 'api')
            .map((listener) => (
              <Group key={listener.name} justify="space-between" wrap="nowrap">
                <Text size="sm" fw={500} flex={1}>
                  {t(`listener.${listener.name}.title`)}
                </Text>
                <Text size="sm" c="dimmed">
                  {listener.endpoint === undefined ? '' : t('services.port', { port: listener.endpoint.port })}
                </Text>
                <StateBadge state={listener.state} />
              </Group>
            ))}
        </Stack>
      )}
    </HomeCard>
  );
}
