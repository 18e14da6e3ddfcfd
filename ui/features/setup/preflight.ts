/** The appliance's checks of its computer. */
import { queryOptions } from '@tanstack/react-query';
import { type Finding, routes } from '../../../app/appliance/control/contract.ts';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';

export const preflightQuery = queryOptions<readonly Finding[], Fault>({
  queryKey: ['preflight'],
  queryFn: async ({ signal }) => (await control(routes.preflight, { signal })).checks,
});
