/** From "a new phone" to "it is connected": whose, which program, a password for it, the values to type, and the moment of the first sign-in. */
import { Alert, Button, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { IconKey, IconUserPlus } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { appPasswordsQuery, type MadeAppPassword, makeAppPassword } from '../../lib/app-passwords.ts';
import { useHas } from '../../lib/capabilities.ts';
import type { Fault } from '../../lib/fault.ts';
import { peopleSearchQuery, type Person, personQuery } from '../../lib/people.ts';
import { statusQuery } from '../../lib/queries.ts';
import { ClientTiles } from './client-tiles.tsx';
import { clients, type ClientName, scopesOf } from './device-values.ts';
import { PersonSelect } from './person-select.tsx';
import { SetUp } from './set-up.tsx';
import { Step } from './step.tsx';

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
            <PasswordStep key={`${person.data.id} ${client}`} person={person.data} client={client} />
          )}
        </Stack>
      )}
    </Page>
  );
}

function PasswordStep({ person, client }: { person: Person; client: ClientName }): ReactElement {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [own, setOwn] = useState(false);
  const canMake = useHas()('POST /users/{user}/asps');
  const make = useMutation<MadeAppPassword, Fault>({
    mutationFn: () => makeAppPassword(person.id, t(`device.client.${client}.name`), scopesOf[client]),
    onSuccess: () => queries.invalidateQueries({ queryKey: appPasswordsQuery(person.id).queryKey }),
  });
  return (
    <>
      <Step number={3} title={t('device.password')}>
        {canMake === false || own ? (
          <Stack gap="sm" align="flex-start">
            <Text size="sm">{t('device.ownPassword')}</Text>
            {!own && <Button onClick={() => setOwn(true)}>{t('device.show')}</Button>}
          </Stack>
        ) : make.data === undefined ? (
          <Stack gap="sm" align="flex-start">
            <Text size="sm" c="dimmed">
              {t('device.passwordLead')}
            </Text>
            {make.error !== null && <FaultAlert fault={make.error} title={t('device.notMade')} />}
            {person.disabled === true && <Alert color="orange">{t('device.disabled')}</Alert>}
            <Button
              leftSection={<IconKey size={16} aria-hidden />}
              loading={make.isPending || canMake === undefined}
              onClick={() => make.mutate()}
            >
              {t('device.make')}
            </Button>
          </Stack>
        ) : (
          <Text size="sm">{t('device.made')}</Text>
        )}
      </Step>
      {(make.data !== undefined || own) && <SetUp person={person} client={client} made={make.data} />}
    </>
  );
}
