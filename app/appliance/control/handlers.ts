/** What each route of the control API does. Inputs are checked by then; answers are JSON values. */
import type { z } from 'zod';
import { checkedChanges, SettingsFault, shownValue } from '../settings/judge.ts';
import { isSettingName, type SettingName, settingNames, settingOf } from '../settings/registry.ts';
import type { RestartNeed } from '../settings/setting.ts';
import type { SettingState } from '../settings/store.ts';
import { makeAccessHandlers } from './admin/handlers.ts';
import type { AdminAccess } from './admin/access.ts';
import { makeBackupHandlers } from './backup-handlers.ts';
import type { AnyRoute, CertificateInfo, routes, SettingEntry, SettingsChanged } from './contract.ts';
import { logFilterSchema } from './contract.ts';
import { ControlFault } from './fault.ts';
import type { Session, Sessions } from './sessions.ts';
import type { Source } from './source.ts';
import type { ControlSubject } from './subject.ts';
import type { LogFilter } from '../logs/store.ts';

type Routes = typeof routes;
export type RouteName = keyof Routes;

/** What a handler gets. `name` is the path's parameter. */
export interface Call<R extends AnyRoute> {
  readonly name: string;
  readonly query: z.output<R['query']>;
  readonly body: z.output<R['body']>;
  readonly source: Source;
  /** The session of the request, if it has one; the token has none. */
  readonly session: Session | undefined;
  readonly hasToken: boolean;
  readonly setCookie: (value: string) => void;
}

export type Handlers = {
  readonly [Name in RouteName]: (
    call: Call<Routes[Name]>,
  ) => z.input<Routes[Name]['answer']> | Promise<z.input<Routes[Name]['answer']>>;
};

const hour = 3_600_000;
const done = { done: true } as const;
const needs: readonly RestartNeed[] = ['none', 'worker', 'databases', 'appliance'];

export function makeHandlers(subject: ControlSubject, sessions: Sessions, access: AdminAccess, guiUrl: () => string): Handlers {
  return {
    status: () => subject.status(),
    startService: async ({ name }) => subject.startService(name).then(() => done),
    stopService: async ({ name }) => subject.stopService(name).then(() => done),
    restartService: async ({ name }) => subject.restartService(name).then(() => done),
    logs: ({ query: { limit, before, ...filter } }) =>
      subject.logs.query({ ...logFilterOf(filter), limit, ...(before === undefined ? {} : { before }) }),
    settings: () => ({ settings: subject.settings.list().map(settingEntry) }),
    setting: ({ name }) => {
      if (!isSettingName(name)) throw unknownSetting(name);
      return settingEntry(subject.settings.state(name));
    },
    changeSettings: ({ body }) => changeSettings(subject, body.values),
    metrics: ({ query }) => {
      const to = query.to ?? Date.now();
      const from = query.from ?? to - hour;
      if (from >= to) throw new ControlFault(400, 'BadRequest', '"from" must be before "to".');
      const names = subject.metrics.names();
      return { names, ...copy(subject.metrics.history(query.series ?? names, from, to, query.points)) };
    },
    ...makeBackupHandlers(subject),
    preflight: async ({ query }) => ({ checks: [...(await subject.preflight(query.network === '1'))] }),
    // Loaded when somebody asks.
    checkDns: async ({ body }) => ({ found: await (await import('../dns-check.ts')).checkDns(body.records) }),
    startMode: () => subject.startMode(),
    setStartMode: async ({ body }) => {
      await subject.setStartMode(body.mode);
      return subject.startMode();
    },
    shutdown: () => {
      subject.shutdown();
      return done;
    },
    testListener: ({ name }) => subject.testListener(name),
    certificate: () => expectCertificate(subject),
    renewCertificate: async () => {
      await subject.renewCertificate();
      return expectCertificate(subject);
    },
    ...makeAccessHandlers(sessions, access),
    signInLink: () => ({ url: `${guiUrl()}/#signin=${sessions.makeLink()}` }),
  };
}

function expectCertificate(subject: ControlSubject): CertificateInfo {
  const certificate = subject.certificate();
  if (certificate === undefined) throw new ControlFault(503, 'Unavailable', 'The certificate is not made yet.');
  return certificate;
}

/** The filter of the log store from checked query parameters. */
export function logFilterOf(query: z.output<typeof logFilterSchema>): LogFilter {
  const { service, ...rest } = query;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as LogFilter;
  return service === undefined ? given : { ...given, services: service };
}

export function settingEntry(state: SettingState): SettingEntry {
  const setting = settingOf(state.name);
  const secret = setting.secret === true;
  return {
    name: state.name,
    kind: setting.kind,
    value: shownValue(state.name, state.value),
    default: setting.default,
    origin: state.origin,
    help: setting.help,
    allowed: setting.allowed,
    restart: setting.restart,
    ...(setting.unit === undefined ? {} : { unit: setting.unit }),
    ...(setting.choices === undefined ? {} : { choices: [...setting.choices] }),
    secret,
  };
}

/** The strongest restart that any of the settings needs. */
export function strongestNeed(names: readonly SettingName[]): RestartNeed {
  return needs[Math.max(0, ...names.map((name) => needs.indexOf(settingOf(name).restart)))] ?? 'none';
}

function changeSettings(subject: ControlSubject, values: Readonly<Record<string, unknown>>): SettingsChanged {
  try {
    const changes = checkedChanges(values);
    const changed = subject.settings.set(changes, 'control');
    const overridden = [...changes.keys()].filter((name) => subject.settings.origin(name) === 'override');
    return { changed, restart: strongestNeed(changed), overridden };
  } catch (error) {
    if (!(error instanceof SettingsFault)) throw error;
    const code = error.kind === 'unknown' ? 'UnknownSetting' : error.kind === 'conflict' ? 'SettingConflict' : 'InvalidSetting';
    throw new ControlFault(400, code, error.message, error.allowed);
  }
}

function unknownSetting(name: string): ControlFault {
  return new ControlFault(404, 'UnknownSetting', `There is no setting ${JSON.stringify(name)}.`, settingNames.join(', '));
}

/** The store's points are read-only; the contract's are plain. */
function copy<T>(history: { stepMs: number; series: Readonly<Record<string, readonly T[]>> }): {
  stepMs: number;
  series: Record<string, T[]>;
} {
  return {
    stepMs: history.stepMs,
    series: Object.fromEntries(Object.entries(history.series).map(([name, points]) => [name, [...points]])),
  };
}
