/** What is watched beside the services, gathered for the list of what needs a person. What is not known yet is left out. */
import { useQuery } from '@tanstack/react-query';
import type { Status } from '../../../app/appliance/control/contract.ts';
import { reachOf } from '../../lib/listeners.ts';
import { bansQuery, certificateQuery, metricsQuery, queueStatusQuery, sessionQuery, useSettings } from '../../lib/queries.ts';
import type { Watched } from './attention.ts';
import { daysLeft } from './days-left.ts';

export function useWatched(status: Status): Watched {
  const certificate = useQuery(certificateQuery).data;
  const queue = useQuery(queueStatusQuery).data;
  const bans = useQuery(bansQuery).data;
  const session = useQuery(sessionQuery).data;
  const host = useSettings()?.get('gui.host')?.value;
  const history = useQuery(metricsQuery(['disk.free'], 7 * 86_400_000, 84)).data?.series['disk.free'];
  const openToNetwork = typeof host === 'string' && reachOf(host) !== 'here';
  return {
    now: Date.now(),
    certificateEnds: certificate?.notAfter,
    disk: status.disk,
    diskDays: daysLeft(history ?? []),
    queueOldest: queue?.oldest,
    queuePaused: queue?.paused?.reason,
    bans: bans?.length,
    openWithoutPassword: openToNetwork && session?.passwordSet === false,
  };
}
