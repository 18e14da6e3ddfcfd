/** The part of the control API that is about backups and other long pieces of work. A long one answers with its job at once; its progress comes with the events, and its result stays with it. */
import { z } from 'zod';
import { done, route } from './contract-route.ts';

export const jobSchema = z.object({
  id: z.string(),
  kind: z.enum(['backup', 'verify', 'users', 'preview', 'restore', 'restore-all']),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  progress: z
    .object({ phase: z.string(), done: z.number(), total: z.number().optional(), bytes: z.number().optional() })
    .optional(),
  /** State failed: a code for programs, a sentence for people. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  result: z.unknown().optional(),
});

const countsSchema = z.object({
  users: z.int(),
  mailboxes: z.int(),
  messages: z.int(),
  messageBytes: z.int(),
  contents: z.int(),
  blobs: z.int(),
});

const backupFields = {
  id: z.string(),
  mallard: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  counts: countsSchema,
  /** What it needs in all, and what was written for it. */
  bytes: z.int(),
  addedBytes: z.int(),
  warnings: z.array(z.string()),
};
export const backupSchema = z.object(backupFields);
const listedSchema = z.discriminatedUnion('state', [
  z.object({ ...backupFields, state: z.literal('complete') }),
  z.object({ id: z.string(), state: z.literal('incomplete') }),
  z.object({ id: z.string(), state: z.literal('damaged'), reason: z.string() }),
]);

export const backupsSchema = z.object({
  /** `none`: no folder is chosen. `locked`: its key is not known here. `unreachable`: `reason` says why. */
  state: z.enum(['none', 'ready', 'locked', 'unreachable']),
  reason: z.string().optional(),
  folder: z.string(),
  freeBytes: z.number().optional(),
  backups: z.array(listedSchema),
  /** When the schedule makes the next one. */
  nextAt: z.iso.datetime().optional(),
  lastFailure: z.object({ at: z.iso.datetime(), code: z.string(), message: z.string() }).optional(),
});

/** Results of jobs, by kind. */
export const usersResultSchema = z.object({
  backup: backupSchema,
  users: z.array(
    z.object({
      id: z.string(),
      username: z.string(),
      address: z.string(),
      name: z.string(),
      messages: z.int(),
      bytes: z.int(),
    }),
  ),
});
export const restoreResultSchema = z.object({
  user: z.string(),
  username: z.string(),
  accountRestored: z.boolean(),
  mailboxes: z.array(
    z.object({
      path: z.string(),
      target: z.string(),
      inBackup: z.int(),
      missing: z.int(),
      missingBytes: z.int(),
      oldest: z.string().optional(),
      newest: z.string().optional(),
    }),
  ),
  messages: z.int(),
  bytes: z.int(),
});
export const restoreAllResultSchema = z.object({ backup: backupSchema, heldMessages: z.int() });
export const backupResultSchema = z.object({ backup: backupSchema, removed: z.array(z.string()).optional() });

export const storageSchema = z.object({
  messages: z.number(),
  messageBytes: z.number(),
  contents: z.number(),
  blobs: z.number(),
  storedBytes: z.number(),
  mainDiskBytes: z.number(),
  blobDiskBytes: z.number(),
  indexDiskBytes: z.number(),
  people: z.array(z.object({ user: z.string(), username: z.string(), messages: z.number(), bytes: z.number() })),
  /** Of the disk that holds the data folder. */
  freeBytes: z.number().optional(),
  diskBytes: z.number().optional(),
});

const folder = z.string().min(1).max(4_000);
const secret = z.string().min(1).max(1_000);
/** Another folder than the one of the settings, with its passphrase or recovery key. */
const from = z.strictObject({ folder, secret }).optional();
const started = z.object({ job: z.string() });

export const backupRoutes = {
  jobs: route('GET', '/control/jobs', { answer: z.object({ jobs: z.array(jobSchema) }) }),
  job: route('GET', '/control/jobs/:name', { answer: jobSchema }),
  cancelJob: route('POST', '/control/jobs/:name/cancel', { answer: done }),
  storage: route('GET', '/control/storage', { answer: storageSchema }),
  backups: route('GET', '/control/backups', { answer: backupsSchema }),
  /** Chooses the folder. An empty or new one gets keys, and the recovery key is told this once; one with backups is opened by its passphrase or recovery key. */
  useBackupFolder: route('POST', '/control/backups/folder', {
    body: z.strictObject({ folder, passphrase: secret }),
    answer: z.object({ created: z.boolean(), recoveryKey: z.string().optional() }),
  }),
  changeBackupPassphrase: route('POST', '/control/backups/passphrase', {
    body: z.strictObject({ passphrase: secret }),
    answer: done,
  }),
  backupNow: route('POST', '/control/backups', { answer: started }),
  verifyBackup: route('POST', '/control/backups/:name/verify', { answer: started }),
  removeBackup: route('DELETE', '/control/backups/:name', { answer: done }),
  /** Lists what another folder holds. */
  lookIntoFolder: route('POST', '/control/backups/look', {
    body: z.strictObject({ folder }),
    answer: z.object({ backups: z.array(listedSchema) }),
  }),
  /** Who is in a backup: a job whose result is `usersResultSchema`. */
  usersInBackup: route('POST', '/control/restore/users', {
    body: z.strictObject({ from, backup: z.string().max(40).optional() }),
    answer: started,
  }),
  restoreUser: route('POST', '/control/restore/user', {
    body: z.strictObject({
      from,
      backup: z.string().max(40).optional(),
      user: z.string().min(1).max(320),
      mailbox: z.string().min(1).max(1_000).optional(),
      beside: z.boolean().default(false),
      dryRun: z.boolean().default(false),
    }),
    answer: started,
  }),
  restoreAll: route('POST', '/control/restore/all', {
    body: z.strictObject({
      from,
      backup: z.string().max(40).optional(),
      /** Everything that is here goes. */
      replace: z.boolean().default(false),
    }),
    answer: started,
  }),
};

export type JobState = z.output<typeof jobSchema>;
export type Backups = z.output<typeof backupsSchema>;
export type ListedBackup = Backups['backups'][number];
export type BackupSummary = z.output<typeof backupSchema>;
export type UsersResult = z.output<typeof usersResultSchema>;
export type RestoreResult = z.output<typeof restoreResultSchema>;
export type StorageUse = z.output<typeof storageSchema>;
