/**
 * Lets in who is signed in. A sign-in link carries its one-time secret in the URL's fragment: it is taken from the address bar at once, so that it
 * stays in no history, and exchanged for the session cookie.
 */
import { Center, Loader } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactElement, type ReactNode, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { routes } from '../../app/appliance/control/contract.ts';
import { control } from '../lib/control.ts';
import type { Fault } from '../lib/fault.ts';
import { sessionQuery, unknownSession } from '../lib/queries.ts';
import { linkSecret } from './sign-in-link.ts';

/** Who is signed in needs none of it. */
const SignIn = lazy(async () => ({ default: (await import('./sign-in.tsx')).SignIn }));

function takeSecretFromAddress(): string | undefined {
  const secret = linkSecret(window.location.hash);
  if (secret !== undefined)
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
  return secret;
}

const secretAtStart = takeSecretFromAddress();

export function SessionGate({ children }: { children: ReactNode }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const signIn = useMutation<unknown, Fault, string>({
    mutationFn: (link) => control(routes.signIn, { body: { link } }),
    onSuccess: async () => {
      // The first look at the session may still be under way, and was answered before the link: it must not sign out again.
      await client.cancelQueries({ queryKey: sessionQuery.queryKey });
      client.setQueryData(sessionQuery.queryKey, (former) => ({ ...unknownSession, ...former, signedIn: true }));
    },
  });
  const { mutate } = signIn;
  useEffect(() => {
    if (secretAtStart !== undefined) mutate(secretAtStart);
    const onHash = (): void => {
      const secret = takeSecretFromAddress();
      if (secret !== undefined) mutate(secret);
    };
    window.addEventListener('hashchange', onHash);
    return () => window.removeEventListener('hashchange', onHash);
  }, [mutate]);

  if (session.data?.signedIn === true) return <>{children}</>;
  const waiting = (
    <Center h="100vh" role="status" aria-label={t('common.loading')}>
      <Loader />
    </Center>
  );
  if (session.isPending || signIn.isPending) return waiting;
  return (
    <Suspense fallback={waiting}>
      <SignIn
        session={session.data}
        fault={signIn.error ?? session.error}
        onLink={(secret) => signIn.mutate(secret)}
        onRetry={session.error === null ? undefined : () => void session.refetch()}
      />
    </Suspense>
  );
}
