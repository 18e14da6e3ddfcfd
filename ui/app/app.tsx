/** The providers, and the choice between signing in and the app itself. */
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, type ReactElement, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LiveRegions } from '../lib/announce.tsx';
import { Fault } from '../lib/fault.ts';
import { isUserPlace, meQuery } from '../lib/me.ts';
import { onUnauthorized } from '../lib/request.ts';
import { sessionQuery, signedOut } from '../lib/queries.ts';
import { makeRouter } from './router.tsx';
import { SessionGate } from './session-gate.tsx';
import { themeFor, variables } from './theme.ts';

/** People at their own account; the administrator's pages need none of it. */
const UserGate = lazy(async () => ({ default: (await import('./user-gate.tsx')).UserGate }));

const colorSchemeManager = localStorageColorSchemeManager({ key: 'mallard-color-scheme' });

export function makeQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // A refusal stays one; only an appliance that does not answer is worth asking again.
        retry: (count, error) => error instanceof Fault && error.code === 'Offline' && count < 2,
      },
    },
  });
  onUnauthorized(() => {
    if (isUserPlace()) client.setQueryData(meQuery.queryKey, null);
    else client.setQueryData(sessionQuery.queryKey, signedOut);
  });
  return client;
}

export function App(): ReactElement {
  const [client] = useState(makeQueryClient);
  const [router] = useState(() => makeRouter(client));
  const { t } = useTranslation();
  const theme = useMemo(() => themeFor(t('common.close'), t('common.clear')), [t]);
  return (
    <QueryClientProvider client={client}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={variables}
        colorSchemeManager={colorSchemeManager}
        defaultColorScheme="auto"
      >
        <LiveRegions />
        <Notifications position="bottom-right" limit={4} />
        {isUserPlace() ? (
          <Suspense fallback={null}>
            <UserGate>
              <RouterProvider router={router} />
            </UserGate>
          </Suspense>
        ) : (
          <SessionGate>
            <RouterProvider router={router} />
          </SessionGate>
        )}
      </MantineProvider>
    </QueryClientProvider>
  );
}
