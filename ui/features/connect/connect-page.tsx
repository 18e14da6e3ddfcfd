/** From "a new phone" to "it is connected": whose, which program, a password for it, the values to type, and the moment of the first sign-in. */
import { Button, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { IconUserPlus } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { PersonSelect } from '../../components/person-select.tsx';
import { peopleSearchQuery, personQuery } from '../../lib/people.ts';
import { statusQuery } from '../../lib/queries.ts';
import { ClientTiles } from './client-tiles.tsx';
import { clients } from './device-values.ts';
import { PasswordStep } from './password-step.tsx';
import { Step } from './step.tsx';
import { Unreachable } from './unreachable.tsx';

const route = getRouteApi('/connect');

export function ConnectPage(): ReactElement {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const people = useQuery(peopleSearchQuery('', 1));
  const status = useQuery(statusQuery);
  const person = useQuery({ ...personQuery(search.person ?? ''), enabled: search.person !== undefined });
  const client = clients.find((name) => name === search.client);
  const fault = status.error ?? people.error ?? person.error;

  return (
    <Page title={t('device.title')} lead={t('device.lead')}>
      {fault !== null ? (
        <FaultAlert
          fault={fault}
          title={t('device.notLoaded')}
          onRetry={() =>
            void Promise.all([status.refetch(), people.refetch(), ...(search.person === undefined ? [] : [person.refetch()])])
          }
        />
      ) : people.data === undefined || status.data === undefined ? (
        <Skeleton height={240} role="status" aria-label={t('common.loading')} />
      ) : people.data.total === 0 ? (
        <Empty
          icon={IconUserPlus}
          title={t('people.emptyTitle')}
          action={
            <Button renderRoot={(props) => <Link to="/people" search={{ add: true }} {...props} />}>{t('people.add')}</Button>
          }
        >
          {t('device.emptyLead')}
        </Empty>
      ) : (
        <Stack gap="lg" maw={920}>
          <Step number={1} title={t('device.whose')}>
            <PersonSelect
              person={search.person === undefined ? undefined : person.data}
              onChange={(id) => void navigate({ search: (former) => ({ ...former, person: id }), replace: true })}
            />
          </Step>
          <Step number={2} title={t('device.which')}>
            <ClientTiles
              value={client}
              onChange={(name) => void navigate({ search: (former) => ({ ...former, client: name }), replace: true })}
            />
          </Step>
          {person.data !== undefined && client !== undefined && (
            <PasswordStep
              key={`${person.data.id} ${client}`}
              person={person.data}
              client={client}
              server={status.data}
              warning={(values) => <Unreachable values={values} />}
            />
          )}
        </Stack>
      )}
    </Page>
  );
}
