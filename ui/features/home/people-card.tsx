/** How many people there are; a first step when there are none. */
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconUserPlus, IconUsers, IconWand } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { useFormats } from '../../lib/format.ts';
import { peopleSearchQuery } from '../../lib/people.ts';
import { HomeCard } from './card.tsx';

export function PeopleCard(): ReactElement {
  const { t } = useTranslation();
  const { number } = useFormats();
  const people = useQuery(peopleSearchQuery('', 1));
  return (
    <HomeCard icon={IconUsers} title={t('nav.people')} more={t('home.allPeople')} to="/people">
      {people.data === undefined ? (
        people.error === null ? (
          <Skeleton height={80} />
        ) : (
          <FaultAlert fault={people.error} title={t('people.notLoaded')} onRetry={() => void people.refetch()} />
        )
      ) : (
        <Stack gap="sm">
          <div>
            <Text fz={28} fw={650} lh={1.2}>
              {number(people.data.total)}
            </Text>
            <Text size="sm" c="dimmed">
              {people.data.total === 0 ? t('home.nobody') : t('home.haveMailbox', { count: people.data.total })}
            </Text>
          </div>
          <Group>
            {people.data.total === 0 && (
              <Button
                size="xs"
                leftSection={<IconWand size={15} aria-hidden />}
                renderRoot={(props) => <Link to="/setup" {...props} />}
              >
                {t('setup.offer')}
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              leftSection={<IconUserPlus size={15} aria-hidden />}
              renderRoot={(props) => <Link to="/people" search={{ add: true }} {...props} />}
            >
              {t('people.add')}
            </Button>
          </Group>
        </Stack>
      )}
    </HomeCard>
  );
}
