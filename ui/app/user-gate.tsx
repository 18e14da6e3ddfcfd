/** Lets in people with their own address and password, and their second factor where they have one. */
import { Center, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { meQuery } from '../lib/me.ts';
import { UserSignIn } from './user-sign-in.tsx';

export function UserGate({ children }: { children: ReactNode }): ReactElement {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  if (me.data !== undefined && me.data !== null) return <>{children}</>;
  if (me.isPending) {
    return (
      <Center h="100vh" role="status" aria-label={t('common.loading')}>
        <Loader />
      </Center>
    );
  }
  return <UserSignIn fault={me.error} onRetry={me.error === null ? undefined : () => void me.refetch()} />;
}
