/**
 * What the appliance asks of a job process, and what it hears. A job is one line of JSON on stdin; reports are lines on file descriptor 3: `progress` any number of times, then `done` or
 * `failed`. When stdin ends the job is to stop. Secrets go this way only, never in arguments.
 */
import { z } from 'zod';

const unlock = z.union([z.strictObject({ secret: z.string() }), z.strictObject({ dataKey: z.string() })]);
const source = { folder: z.string(), unlock };

const databaseJobs = [
  z.strictObject({
    kind: z.literal('backup'),
    ...source,
    mallard: z.string(),
    files: z.array(z.strictObject({ name: z.string(), path: z.string() })),
    keep: z.strictObject({ daily: z.int(), weekly: z.int(), monthly: z.int() }).optional(),
  }),
  z.strictObject({
    kind: z.literal('restore-all'),
    ...source,
    backup: z.string().optional(),
    replace: z.boolean(),
    /** Where the appliance's own files are put; it takes from there what fits it. */
    filesTo: z.string(),
  }),
  z.strictObject({
    kind: z.literal('restore-user'),
    ...source,
    backup: z.string().optional(),
    user: z.string(),
    mailbox: z.string().optional(),
    beside: z.string().optional(),
    dryRun: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('is-empty') }),
  z.strictObject({ kind: z.literal('storage') }),
] as const;

const folderJobs = [
  z.strictObject({ kind: z.literal('create-folder'), folder: z.string(), passphrase: z.string() }),
  z.strictObject({ kind: z.literal('open-folder'), ...source }),
  z.strictObject({ kind: z.literal('change-passphrase'), ...source, passphrase: z.string() }),
  z.strictObject({ kind: z.literal('list'), folder: z.string() }),
  z.strictObject({ kind: z.literal('users'), ...source, backup: z.string().optional() }),
  z.strictObject({ kind: z.literal('verify'), ...source, backup: z.string().optional() }),
  z.strictObject({ kind: z.literal('remove'), ...source, backup: z.string() }),
] as const;

export const jobSchema = z.discriminatedUnion('kind', [...databaseJobs, ...folderJobs]);
export type Job = z.infer<typeof jobSchema>;
export type JobKind = Job['kind'];

/** `config`: a worker's configuration; needed where the database is. */
export const jobLineSchema = z.strictObject({ job: jobSchema, config: z.unknown().optional() });

export const jobProgressSchema = z.object({
  phase: z.string(),
  done: z.number(),
  total: z.number().optional(),
  bytes: z.number().optional(),
});
export type JobProgress = z.infer<typeof jobProgressSchema>;

export const jobReportSchema = z.discriminatedUnion('type', [
  jobProgressSchema.extend({ type: z.literal('progress') }),
  /** From now on it changes what workers rely on; it goes on when stdin has a line `go`. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('done'), result: z.unknown() }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
]);
export type JobReport = z.infer<typeof jobReportSchema>;
