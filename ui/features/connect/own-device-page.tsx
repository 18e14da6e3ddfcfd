/** A person connects a device of their own: which program, a password for it, the values, and the moment of the first sign-in. */
import { Skeleton, Stack } from '@mantine/core';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { type UserServer, userServerPath, userServerSchema } from '../../../app/appliance/control/contract-user.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import type { Fault } from '../../lib/fault.ts';
import { meQuery } from '../../lib/me.ts';
import { requestJson } from '../../lib/request.ts';
import { ClientTiles } from './client-tiles.tsx';
import classes from './connect.module.css';
import { clients } from './device-values.ts';
import { PasswordStep } from './password-step.tsx';
import { Step } from './step.tsx';

const route = getRouteApi('/me/connect');
const serverQuery = queryOptions<UserServer, Fault>({
  queryKey: ['me', 'server'],
  queryFn: ({ signal }) => requestJson(userServerSchema, 'GET', userServerPath, { signal }),
});

export function OwnDevicePage(): ReactElement {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  const server = useQuery(serverQuery);
  const client = clients.find((name) => name === search.client);
  return (
    <div className={classes['own']}>
      <Page title={t('device.title')} lead={t('device.lead')}>
        {server.error !== null ? (
          <FaultAlert fault={server.error} title={t('device.notLoaded')} onRetry={() => void server.refetch()} />
        ) : server.data === undefined || me === undefined || me === null ? (
          <Skeleton height={240} role="status" aria-label={t('common.loading')} />
        ) : (
          <Stack gap="lg" maw={920}>
            <Step number={1} title={t('device.which')}>
              <ClientTiles value={client} onChange={(name) => void navigate({ search: { client: name }, replace: true })} />
            </Step>
            {client !== undefined && <PasswordStep key={client} person={me} client={client} server={server.data} first={2} />}
          </Stack>
        )}
      </Page>
    </div>
  );
}
