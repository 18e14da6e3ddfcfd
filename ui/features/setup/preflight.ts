/** The appliance's checks of its computer. */
import { queryOptions } from '@tanstack/react-query';
import { type Finding, routes, type StartMode } from '../../../app/appliance/control/contract.ts';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';

export const preflightQuery = queryOptions<readonly Finding[], Fault>({
  queryKey: ['preflight'],
  staleTime: 60_000,
  queryFn: async ({ signal }) => (await control(routes.preflight, { query: { network: '1' }, signal })).checks,
});

export const startModeQuery = queryOptions<StartMode, Fault>({
  queryKey: ['start-mode'],
  queryFn: ({ signal }) => control(routes.startMode, { signal }),
});
