/** The frame around a screen: the administrator's, or the one of people at their own account. A page of one never becomes a page of the other without loading. */
import { lazy, type ReactElement, Suspense } from 'react';
import { isUserPlace } from '../lib/me.ts';
import { Shell } from './shell.tsx';

const UserShell = lazy(async () => ({ default: (await import('./user-shell.tsx')).UserShell }));

export function Frame(): ReactElement {
  if (!isUserPlace()) return <Shell />;
  return (
    <Suspense fallback={null}>
      <UserShell />
    </Suspense>
  );
}
