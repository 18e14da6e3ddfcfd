/** Server state that several screens share. Status and settings are kept fresh by the event stream (live.ts). */
import { queryOptions, useMutation, useQuery, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import {
  type CertificateInfo,
  routes,
  type SettingEntry,
  type SettingsChanged,
  type Status,
} from '../../app/appliance/control/contract.ts';
import type { SessionInfo } from '../../app/appliance/control/contract-access.ts';
import { z } from 'zod';
import { control } from './control.ts';
import type { Fault } from './fault.ts';
import { requestJson } from './request.ts';

export const statusQuery = queryOptions<Status, Fault>({
  queryKey: ['status'],
  queryFn: ({ signal }) => control(routes.status, { signal }),
});

export const settingsQuery = queryOptions<readonly SettingEntry[], Fault>({
  queryKey: ['settings'],
  queryFn: async ({ signal }) => (await control(routes.settings, { signal })).settings,
});

export const certificateQuery = queryOptions<CertificateInfo, Fault>({
  queryKey: ['certificate'],
  queryFn: ({ signal }) => control(routes.certificate, { signal }),
});

/** Before the appliance has said more. */
export const unknownSession: SessionInfo = { signedIn: false, here: true, passwordSet: false, passkey: false };

/** What is known of the session stays, but for that. */
export function signedOut(former: SessionInfo | undefined): SessionInfo {
  return { ...unknownSession, ...former, signedIn: false };
}

export const sessionQuery = queryOptions<SessionInfo, Fault>({
  queryKey: ['session'],
  queryFn: ({ signal }) => control(routes.session, { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

const banSchema = z.looseObject({ key: z.string(), reason: z.string(), since: z.string(), until: z.string() });
export type BanEntry = z.output<typeof banSchema>;

export const bansQuery = queryOptions<readonly BanEntry[], Fault>({
  queryKey: ['bans'],
  queryFn: async ({ signal }) =>
    (await requestJson(z.looseObject({ results: z.array(banSchema) }), 'GET', '/api/bans', { signal })).results,
  refetchInterval: 15_000,
});

const queueStatusSchema = z.looseObject({
  queued: z.number(),
  held: z.number(),
  oldest: z.string().optional(),
  paused: z.looseObject({ reason: z.string() }).optional(),
});
export type QueueStatus = z.output<typeof queueStatusSchema>;

export const queueStatusQuery = queryOptions<QueueStatus, Fault>({
  queryKey: ['queue', 'state'],
  queryFn: ({ signal }) => requestJson(queueStatusSchema, 'GET', '/api/queue/status', { signal }),
  refetchInterval: 30_000,
});

export interface MetricPoint {
  readonly at: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
}

/** History of the given series, over the last `spanMs`. */
export function metricsQuery(series: readonly string[], spanMs: number, points = 90) {
  return queryOptions<{ stepMs: number; series: Record<string, MetricPoint[]> }, Fault>({
    queryKey: ['metrics', series, spanMs, points],
    queryFn: ({ signal }) =>
      control(routes.metrics, {
        query: { series: series.join(','), from: Date.now() - spanMs, points },
        signal,
      }),
    refetchInterval: 15_000,
    enabled: series.length > 0,
    placeholderData: (former) => former,
  });
}

export function useStatus(): Status | undefined {
  return useQuery(statusQuery).data;
}

/** Value by name of the settings; undefined while they are not here. */
export function useSettings(): ReadonlyMap<string, SettingEntry> | undefined {
  return useQuery({ ...settingsQuery, select: asMap }).data;
}

function asMap(settings: readonly SettingEntry[]): ReadonlyMap<string, SettingEntry> {
  return new Map(settings.map((setting) => [setting.name, setting]));
}

/** Changes settings, all or nothing; null goes back to the default. */
export function useChangeSettings(): UseMutationResult<SettingsChanged, Fault, Readonly<Record<string, unknown>>> {
  const client = useQueryClient();
  return useMutation<SettingsChanged, Fault, Readonly<Record<string, unknown>>>({
    mutationFn: (values) => control(routes.changeSettings, { body: { values } }),
    onSettled: () => client.invalidateQueries({ queryKey: settingsQuery.queryKey }),
  });
}

export type ServiceAction = 'start' | 'stop' | 'restart';
const actionRoutes = { start: routes.startService, stop: routes.stopService, restart: routes.restartService };

/** Resolves when the service has done it. */
export function useServiceAction(): UseMutationResult<unknown, Fault, { name: string; action: ServiceAction }> {
  const client = useQueryClient();
  return useMutation<unknown, Fault, { name: string; action: ServiceAction }>({
    mutationFn: ({ name, action }) => control(actionRoutes[action], { name }),
    onSettled: () => client.invalidateQueries({ queryKey: statusQuery.queryKey }),
  });
}
