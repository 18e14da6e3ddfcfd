/** `mallard status`. Exit code 0 when an appliance answers, 1 when none runs; the JSON has the same shape in both cases. */
import { routes, type Service, type Status } from '../../control/contract.ts';
import { formatBytes } from '../../settings/quantity.ts';
import { stoppedStatus } from '../../status.ts';
import { version } from '../../version.ts';
import type { CliContext } from '../context.ts';
import { ControlClient, notRunning } from '../control-client.ts';
import { duration, printJson, printLine, printTable } from '../output.ts';

export async function status({ paths, json }: CliContext): Promise<number> {
  const client = ControlClient.tryOpen(paths);
  if (client === undefined) {
    if (!json) throw notRunning(paths);
    printJson(stoppedStatus(version, paths.root));
    return 1;
  }
  const answer = await client.call(routes.status);
  if (json) printJson(answer);
  else printStatus(answer);
  return 0;
}

export function printStatus(status: Status): void {
  const since = status.since === null ? '' : `, for ${duration(Date.now() - Date.parse(status.since))}`;
  printLine(`Mallard ${status.version} is ${status.state}${since}`);
  printLine(`Data: ${status.dataDir}`);
  if (status.gui !== null) printLine(`GUI:  ${status.gui}   ("mallard gui" prints a link that signs in)`);
  printLine('');
  printTable(
    ['SERVICE', 'STATE', 'PID', 'PORT', 'VERSION', 'MEMORY', 'SINCE', 'RESTARTS'],
    status.services.map((service) => [
      service.name,
      service.external ? `${service.state} (external)` : service.state,
      String(service.pid ?? ''),
      String(service.port ?? ''),
      service.version ?? '',
      service.rssBytes === null ? '' : formatBytes(service.rssBytes),
      duration(Date.now() - Date.parse(service.since)),
      String(service.restarts),
    ]),
  );
  for (const service of status.services) printTrouble(service);
  const endpoints = Object.entries(status.endpoints);
  if (endpoints.length > 0) {
    printLine('');
    printEndpoints(status.endpoints);
  }
  for (const notice of status.notices.filter((each) => each.level !== 'info').slice(-5))
    printLine(`\n${notice.level}: ${notice.message}`);
}

export function printEndpoints(endpoints: Status['endpoints']): void {
  const words = { none: 'no TLS', starttls: 'STARTTLS', implicit: 'TLS' };
  printTable(
    ['LISTENS', 'ADDRESS', 'ENCRYPTION'],
    Object.entries(endpoints).map(([name, { host, port, tls }]) => [name, `${host}:${port}`, words[tls]]),
  );
}

function printTrouble(service: Service): void {
  if (service.progress !== undefined) printLine(`${service.name}: ${service.progress}`);
  const { failure } = service;
  if (failure === undefined) return;
  printLine(`\n${service.name}: ${failure.message}`);
  if (failure.remedy !== undefined) printLine(`  ${failure.remedy}`);
  for (const line of failure.lastLines.slice(-5)) printLine(`  | ${line.slice(0, 300)}`);
}
