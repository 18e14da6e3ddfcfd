/**
 * The control API: how the GUI, the command line and the desktop app talk to the appliance. Paths, inputs and outputs; the types come from here.
 * Nothing but zod is imported here and in the other contract-*.ts, so the GUI can use them as they are.
 *
 * Access: `Authorization: Bearer TOKEN` (the token is in run/control.json of the data directory), or the session cookie that a one-time sign-in
 * link is exchanged for. Errors are `{"error": words, "code": Code, "allowed"?: words}` with a fitting HTTP status.
 */
import { z } from 'zod';
import { accessRoutes } from './contract-access.ts';
import { backupRoutes, jobSchema } from './contract-backup.ts';
import { done, route } from './contract-route.ts';

export type { Access, AnyRoute, Route } from './contract-route.ts';

export const serviceStateSchema = z.enum(['stopped', 'starting', 'ready', 'stopping', 'crashed', 'backoff', 'failed']);
export const applianceStateSchema = z.enum(['stopped', 'starting', 'running', 'degraded', 'stopping', 'failed']);
export const tlsSchema = z.enum(['none', 'starttls', 'implicit']);

const failureSchema = z.object({
  kind: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
  lastLines: z.array(z.string()),
  at: z.iso.datetime(),
});

export const serviceSchema = z.object({
  name: z.string(),
  state: serviceStateSchema,
  pid: z.int().nullable(),
  port: z.int().nullable(),
  version: z.string().nullable(),
  rssBytes: z.int().nullable(),
  /** When it entered this state. */
  since: z.iso.datetime(),
  /** Restarts after crashes. */
  restarts: z.int(),
  kind: z.enum(['mongod', 'valkey', 'worker']),
  /** Run by somebody else and only probed. */
  external: z.boolean(),
  /** What it is doing while it starts. */
  progress: z.string().optional(),
  failure: failureSchema.optional(),
  /** State backoff: when it is tried again. */
  retryAt: z.iso.datetime().optional(),
});

export const endpointSchema = z.object({ host: z.string(), port: z.int(), tls: tlsSchema });

/** Something a person should know about the present state. */
export const noticeSchema = z.object({
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  at: z.iso.datetime(),
});

/** `mallard status --json` prints this. */
export const statusSchema = z.object({
  state: applianceStateSchema,
  version: z.string(),
  dataDir: z.string(),
  /** The GUI's URL; null while the appliance does not run. */
  gui: z.string().nullable(),
  /** The URL of the HTTP API; null while no worker is ready. */
  api: z.string().nullable(),
  services: z.array(serviceSchema),
  /** By listener: imap, imaps, pop3, pop3s, lmtp, smtp, submission, submissions, managesieve, api. The host is one that this computer can connect to. */
  endpoints: z.record(z.string(), endpointSchema),
  /** Clients that are connected now, by listener; some seconds old. */
  clients: z.record(z.string(), z.int()).optional(),
  /** Where the data is. */
  disk: z.object({ freeBytes: z.number(), totalBytes: z.number() }).optional(),
  /** Names and addresses for other computers and phones, the best first. */
  reachableAs: z.array(z.string()).optional(),
  /** The appliance's own process. */
  pid: z.int().nullable(),
  rssBytes: z.int().nullable(),
  since: z.iso.datetime().nullable(),
  notices: z.array(noticeSchema),
});

export const logLevelSchema = z.enum(['trace', 'debug', 'info', 'warn', 'error']);

export const logLineSchema = z.object({
  /** Grows; the cursor of paging and following. */
  id: z.int(),
  /** Milliseconds since 1970. */
  at: z.number(),
  level: logLevelSchema,
  service: z.string(),
  pid: z.int().optional(),
  connection: z.string().optional(),
  user: z.string().optional(),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()).optional(),
});

/** One check of the machine, the data and what runs; `mallard doctor` prints the same. */
export const findingSchema = z.object({
  name: z.string(),
  /** `fail`: Mallard does not work, or not safely. `warn`: it works, with a drawback. */
  state: z.enum(['ok', 'warn', 'fail']),
  message: z.string(),
  remedy: z.string().optional(),
});

/** What a test of a listener found, for each address that it was reached at. */
export const selfTestSchema = z.object({
  ok: z.boolean(),
  runs: z.array(
    z.object({
      host: z.string(),
      port: z.int(),
      ok: z.boolean(),
      steps: z.array(
        z.object({
          what: z.enum(['connect', 'encrypt', 'greet', 'signIn', 'recipient', 'signOut']),
          ok: z.boolean(),
          /** The server's own words, or the system's. */
          said: z.string(),
          ms: z.int(),
        }),
      ),
    }),
  ),
});

/** When Mallard starts. */
export const startModeSchema = z.object({
  mode: z.enum(['manual', 'signIn', 'computer']),
  /** Whether this system has services that Mallard knows. */
  serviceKnown: z.boolean(),
  /** What an administrator runs for `computer`, and to take it back. */
  install: z.array(z.string()),
  remove: z.array(z.string()),
});

/** A record that should be in DNS. A and AAAA with an empty value: any address. */
export const dnsWantedSchema = z.object({
  type: z.enum(['MX', 'TXT', 'SRV', 'A', 'AAAA']),
  name: z.string().min(1).max(253),
  value: z.string().max(4000),
});
/** `several`: there are two where only one counts. `unknown`: DNS did not answer. */
export const dnsFoundSchema = z.object({
  type: z.string(),
  name: z.string(),
  state: z.enum(['right', 'missing', 'different', 'several', 'unknown']),
  found: z.array(z.string()),
});

export const certificateSchema = z.object({
  names: z.array(z.string()),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  /** SHA-256, as people compare it. */
  fingerprint: z.string(),
  authority: z.object({ name: z.string(), notAfter: z.iso.datetime(), fingerprint: z.string() }),
});

/** Query parameters are text; a list is separated by commas. */
const commaList = z
  .string()
  .max(4000)
  .transform((text) => text.split(',').filter((each) => each !== ''));
const logFilter = {
  level: logLevelSchema.optional(),
  service: commaList.optional(),
  user: z.string().max(320).optional(),
  connection: z.string().max(128).optional(),
  text: z.string().max(500).optional(),
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
};
export const logFilterSchema = z.strictObject(logFilter);

export const settingSchema = z.object({
  name: z.string(),
  kind: z.enum(['boolean', 'integer', 'bytes', 'port', 'text', 'choice', 'list']),
  /** Secrets read as "***" when they are set. */
  value: z.unknown(),
  default: z.unknown(),
  origin: z.enum(['default', 'stored', 'override']),
  help: z.string(),
  allowed: z.string(),
  restart: z.enum(['none', 'worker', 'databases', 'appliance']),
  unit: z.string().optional(),
  choices: z.array(z.string()).optional(),
  secret: z.boolean(),
});

/** What became of a change of settings. */
export const settingsChangedSchema = z.object({
  /** Settings whose effective value is another one now. */
  changed: z.array(z.string()),
  /** `worker`: workers restart now by themselves. `databases`, `appliance`: it holds after a restart of these. */
  restart: z.enum(['none', 'worker', 'databases', 'appliance']),
  /** Stored, but hidden by a `--set` of this run. */
  overridden: z.array(z.string()),
});

const metricPointSchema = z.object({ at: z.number(), mean: z.number(), min: z.number(), max: z.number(), sum: z.number() });

export const errorCodes = [
  'Unauthorized',
  'SignInRefused',
  'ForbiddenHost',
  'ForbiddenOrigin',
  /** From another computer only HTTPS will do. */
  'InsecureTransport',
  /** A sign-in that only works on the computer itself. */
  'OnlyHere',
  'WrongPassword',
  'WrongCode',
  'WeakPassword',
  'NoPassword',
  'NotAllowed',
  'NotFound',
  'MethodNotAllowed',
  'BadRequest',
  'TooLarge',
  'UnknownSetting',
  'InvalidSetting',
  'SettingConflict',
  'UnknownService',
  'ServiceFailed',
  /** Another long piece of work runs. */
  'Busy',
  'NotABackup',
  'BackupWrongKey',
  'BackupWrongVersion',
  'BackupDamaged',
  'BackupDiskFull',
  'BackupUnreachable',
  /** Where it should go there is something already. */
  'BackupNotEmpty',
  /** Anything else that a backup, a restore or a move of mail can't do: the words say why. */
  'BackupRefused',
  'Unavailable',
  'TooMany',
  'Internal',
] as const;
export const errorSchema = z.object({ error: z.string(), code: z.enum(errorCodes), allowed: z.string().optional() });

/** Every route with JSON in and out. Beside them: GET /control/events (server-sent events), GET /control/support-bundle (a zip) and /api/* (the worker's HTTP API). */
export const routes = {
  status: route('GET', '/control/status', { answer: statusSchema }),
  startService: route('POST', '/control/services/:name/start', { answer: done }),
  stopService: route('POST', '/control/services/:name/stop', { answer: done }),
  /** `:name` may also be `worker`, for all workers one after the other. */
  restartService: route('POST', '/control/services/:name/restart', { answer: done }),
  logs: route('GET', '/control/logs', {
    query: z.strictObject({
      ...logFilter,
      /** The `next` of the page before: older lines. */
      before: z.coerce.number().int().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(200),
    }),
    /** Newest first. */
    answer: z.object({ lines: z.array(logLineSchema), next: z.int().optional() }),
  }),
  settings: route('GET', '/control/settings', { answer: z.object({ settings: z.array(settingSchema) }) }),
  setting: route('GET', '/control/settings/:name', { answer: settingSchema }),
  changeSettings: route('PUT', '/control/settings', {
    /** null goes back to the default. All or nothing. */
    body: z.strictObject({ values: z.record(z.string(), z.unknown()) }),
    answer: settingsChangedSchema,
  }),
  metrics: route('GET', '/control/metrics', {
    query: z.strictObject({
      series: commaList.optional(),
      from: z.coerce.number().optional(),
      to: z.coerce.number().optional(),
      points: z.coerce.number().int().min(2).max(2000).default(300),
    }),
    answer: z.object({
      names: z.array(z.string()),
      stepMs: z.number(),
      series: z.record(z.string(), z.array(metricPointSchema)),
    }),
  }),
  /** `network=1` also looks outside (port 25, firewall), which takes seconds. */
  preflight: route('GET', '/control/preflight', {
    query: z.strictObject({ network: z.enum(['0', '1']).default('0') }),
    answer: z.object({ checks: z.array(findingSchema) }),
  }),
  /** Asks DNS now; the answers are in the order of the records. */
  checkDns: route('POST', '/control/dns-check', {
    body: z.strictObject({ records: z.array(dnsWantedSchema).max(60) }),
    answer: z.object({ found: z.array(dnsFoundSchema) }),
  }),
  startMode: route('GET', '/control/start-mode', { answer: startModeSchema }),
  setStartMode: route('PUT', '/control/start-mode', {
    body: startModeSchema.pick({ mode: true }).strict(),
    answer: startModeSchema,
  }),
  shutdown: route('POST', '/control/shutdown', { answer: done }),
  /** A client's loop over the listener `:name`, with an account made for it. Takes a second or two. */
  testListener: route('POST', '/control/listeners/:name/test', { answer: selfTestSchema }),
  /** The certificate that all services present, made by this installation's own authority. */
  certificate: route('GET', '/control/certificate', { answer: certificateSchema }),
  /** A new one from the same authority, at once. Clients that trust the authority do not notice. */
  renewCertificate: route('POST', '/control/certificate/renew', { answer: certificateSchema }),
  ...accessRoutes,
  ...backupRoutes,
  signInLink: route('POST', '/control/sign-in-link', { access: 'token', answer: z.object({ url: z.string() }) }),
};

/** Server-sent events of GET /control/events: the event's name is the type, the data is JSON. `log` only when asked for by `?logs=1` + filter. */
export const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), status: statusSchema }),
  z.object({ type: z.literal('notice'), notice: noticeSchema }),
  z.object({ type: z.literal('settings'), changed: z.array(z.string()) }),
  /** A long piece of work began, went on or ended. */
  z.object({ type: z.literal('job'), job: jobSchema }),
  z.object({ type: z.literal('log'), lines: z.array(logLineSchema) }),
]);
export const eventsQuerySchema = z.strictObject({ ...logFilter, logs: z.enum(['0', '1']).default('0') });

export type Status = z.output<typeof statusSchema>;
export type Service = z.output<typeof serviceSchema>;
export type Endpoint = z.output<typeof endpointSchema>;
export type Notice = z.output<typeof noticeSchema>;
export type Finding = z.output<typeof findingSchema>;
export type LogEntry = z.output<typeof logLineSchema>;
export type SettingEntry = z.output<typeof settingSchema>;
export type SettingsChanged = z.output<typeof settingsChangedSchema>;
export type SelfTest = z.output<typeof selfTestSchema>;
export type StartMode = z.output<typeof startModeSchema>;
export type DnsWanted = z.output<typeof dnsWantedSchema>;
export type DnsFound = z.output<typeof dnsFoundSchema>;
export type CertificateInfo = z.output<typeof certificateSchema>;
export type ControlEvent = z.output<typeof eventSchema>;
export type ErrorCode = (typeof errorCodes)[number];
