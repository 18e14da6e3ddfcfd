/** Backups and jobs as this screen asks for them. A job is asked after until it has ended: its events may have come before anybody listened. */
import { queryOptions, useMutation, useQuery, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { routes } from '../../../app/appliance/control/contract.ts';
import type { Backups, JobState, StorageUse } from '../../../app/appliance/control/contract-backup.ts';
import { control } from '../../lib/control.ts';
import { Fault } from '../../lib/fault.ts';

const jobPollMs = 700;

export const backupsQuery = queryOptions<Backups, Fault>({
  queryKey: ['backups'],
  queryFn: ({ signal }) => control(routes.backups, { signal }),
});

export const storageQuery = queryOptions<StorageUse, Fault>({
  queryKey: ['storage'],
  queryFn: ({ signal }) => control(routes.storage, { signal }),
});

export const jobsQuery = queryOptions<readonly JobState[], Fault>({
  queryKey: ['jobs'],
  queryFn: async ({ signal }) => (await control(routes.jobs, { signal })).jobs,
  refetchInterval: 5_000,
});

/** One job, as long as it runs. `onEnd` is called once. */
export function useJob(id: string | undefined, onEnd: (job: JobState) => void = () => {}): JobState | undefined {
  const client = useQueryClient();
  const told = useRef<string>(undefined);
  const { data } = useQuery({
    queryKey: ['jobs', id],
    queryFn: ({ signal }) => control(routes.job, { name: id ?? '', signal }),
    enabled: id !== undefined,
    refetchInterval: (query) => (query.state.data === undefined || query.state.data.state === 'running' ? jobPollMs : false),
  });
  const job = id === undefined ? undefined : data;
  useEffect(() => {
    if (job === undefined || job.state === 'running' || told.current === job.id) return;
    told.current = job.id;
    void client.invalidateQueries({ queryKey: backupsQuery.queryKey });
    void client.invalidateQueries({ queryKey: ['jobs'], exact: true });
    onEnd(job);
  }, [client, job, onEnd]);
  return job;
}

/** What a failed job says, for the alert. */
export function faultOfJob(job: JobState): Fault {
  const codes: Readonly<Record<string, string>> = {
    'in-use': 'Busy',
    'not-a-backup': 'NotABackup',
    'wrong-key': 'BackupWrongKey',
    'wrong-version': 'BackupWrongVersion',
    damaged: 'BackupDamaged',
    'disk-full': 'BackupDiskFull',
    unreachable: 'BackupUnreachable',
    'not-empty': 'BackupNotEmpty',
    UNAVAILABLE: 'Unavailable',
    internal: 'Internal',
  };
  const { code = 'internal', message = '' } = job.error ?? {};
  return new Fault(codes[code] ?? 'BackupRefused', 0, message);
}

/** A call whose answer matters to the list of backups. */
export function useBackupDeed<Input, Answer>(deed: (input: Input) => Promise<Answer>): UseMutationResult<Answer, Fault, Input> {
  const client = useQueryClient();
  return useMutation<Answer, Fault, Input>({
    mutationFn: deed,
    onSettled: () => client.invalidateQueries({ queryKey: backupsQuery.queryKey }),
  });
}
