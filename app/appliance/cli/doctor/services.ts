/** Checks of what Mallard runs: the servers' programs, the ports, and a running appliance's own view. */
import { resolveServer } from '../../../../resources/servers/resolve.ts';
import type { Status } from '../../control/contract.ts';
import { fallbackOffset, probePort } from '../../ports.ts';
import { listenerNames } from '../../settings/registry.ts';
import type { Settings } from '../../settings/store.ts';
import { redisPlan } from '../../worker-config.ts';
import { describeHolder, findPortHolder } from '../../supervisor/port-holder.ts';
import { fail, type Finding, ok, warn } from './check.ts';

export async function checkPrograms(settings: Settings): Promise<Finding[]> {
  const mongod = settings.get('mongo.uri') === '' ? [checkProgram('mongod', settings.get('mongo.binary'))] : [];
  const valkey = redisPlan(settings).mode === 'bundled' ? [checkProgram('valkey', settings.get('redis.binary'))] : [];
  return Promise.all([...mongod, ...valkey]);
}

async function checkProgram(name: 'mongod' | 'valkey', explicitPath: string): Promise<Finding> {
  try {
    const found = await resolveServer(name, { download: false, ...(explicitPath === '' ? {} : { explicitPath }) });
    const message = `${found.flavor} ${found.version} (${found.path})`;
    const [passed] = found.passedOver;
    if (passed === undefined) return ok(name, message);
    return warn(name, message, `${passed.what} was passed over: ${passed.reason}`);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return warn(
      name,
      `not on this machine yet: ${reason}`,
      'The next start fetches it; that needs the Internet once. Or set the path of one: mallard config set ' +
        (name === 'mongod' ? 'mongo' : 'redis') +
        '.binary PATH',
    );
  }
}

/** Whether every port can be had, and who has it otherwise. For an appliance that does not run. */
export async function checkPorts(settings: Settings): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of [...listenerNames.filter((each) => settings.get(`${each}.enabled`)), 'gui' as const]) {
    const port = settings.get(`${name}.port`);
    const label = `port ${port} (${name})`;
    if (port === 0) {
      findings.push(ok(`port (${name})`, 'any free one'));
      continue;
    }
    const code = await probePort(settings.get(`${name}.host`), port);
    if (code === undefined) findings.push(ok(label, 'free'));
    else findings.push(await taken(settings, name, port, label, code));
  }
  return findings;
}

async function taken(
  settings: Settings,
  name: (typeof listenerNames)[number] | 'gui',
  port: number,
  label: string,
  code: string,
): Promise<Finding> {
  const holder = code === 'EADDRINUSE' ? await findPortHolder(port) : undefined;
  const reason =
    holder === undefined
      ? code === 'EACCES'
        ? 'this user may not open it'
        : code === 'EADDRINUSE'
          ? 'in use'
          : code
      : describeHolder(holder);
  if (settings.origin(`${name}.port`) !== 'default') {
    return fail(
      label,
      reason,
      `Stop that program, or choose another port: mallard config set ${name}.port ${port < 50_000 ? port + fallbackOffset : 0}`,
    );
  }
  const other = port + fallbackOffset;
  const otherCode = await probePort(settings.get(`${name}.host`), other);
  if (otherCode === undefined || name === 'gui')
    return warn(label, reason, `Port ${other} will be used instead. To choose: mallard config set ${name}.port PORT`);
  return fail(
    label,
    `${reason}; port ${other} cannot be had either (${otherCode})`,
    `Choose another port: mallard config set ${name}.port PORT`,
  );
}

/** What a running appliance says of itself. */
export function checkRunning(status: Status): Finding[] {
  const listens = Object.entries(status.endpoints).map(([name, { port }]) => `${name} ${port}`);
  return [
    ...status.services.map((service) => {
      const message = [service.state, service.version ?? '', service.restarts > 0 ? `${service.restarts} restarts` : '']
        .filter((each) => each !== '')
        .join(', ');
      if (service.state === 'ready') return ok(service.name, message);
      const remedy = service.failure?.remedy ?? `See: mallard logs --service ${service.name}`;
      return fail(service.name, `${message}: ${service.failure?.message ?? 'it does not run'}`, remedy);
    }),
    listens.length > 0 ? ok('ports', listens.join(', ')) : fail('ports', 'nothing listens', 'See: mallard status'),
  ];
}
