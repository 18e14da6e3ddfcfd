/** The picture of the whole, as `mallard status --json` and the GUI have it. */
import { lanAddresses } from './certificates/names.ts';
import type { Service, Status } from './control/contract.ts';
import { connectableHost } from './ports.ts';
import type { Endpoints, ServiceStatus } from './supervisor/contract.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

export function serviceEntry(status: ServiceStatus): Service {
  const { failure } = status;
  return {
    name: status.name,
    state: status.state,
    pid: status.pid ?? null,
    port: status.port ?? null,
    version: status.version ?? null,
    rssBytes: status.rssBytes ?? null,
    since: iso(status.since),
    restarts: status.restarts,
    kind: status.kind,
    external: status.external,
    ...(status.progress === undefined ? {} : { progress: status.progress }),
    ...(failure === undefined
      ? {}
      : {
          failure: {
            kind: failure.kind,
            message: failure.message,
            ...(failure.remedy === undefined ? {} : { remedy: failure.remedy }),
            lastLines: [...failure.lastLines],
            at: iso(failure.at),
          },
        }),
    ...(status.retryAt === undefined ? {} : { retryAt: iso(status.retryAt) }),
  };
}

/** Where clients on this computer connect. */
export function endpointEntries(endpoints: Endpoints): Status['endpoints'] {
  return Object.fromEntries(
    Object.entries(endpoints).map(([name, { host, port, tls }]) => [name, { host: connectableHost(host), port, tls }]),
  );
}

/** What to type into a mail program elsewhere: the names that were set, then the addresses on the LAN. */
export function reachableAs(configured: readonly string[]): string[] {
  return [...new Set([...configured.filter((name) => name !== ''), ...lanAddresses()])];
}

/** What is told of a data directory whose appliance does not run. */
export function stoppedStatus(version: string, dataDir: string): Status {
  return {
    state: 'stopped',
    version,
    dataDir,
    gui: null,
    api: null,
    services: [],
    endpoints: {},
    pid: null,
    rssBytes: null,
    since: null,
    notices: [],
  };
}
