/**
 * The systemd unit. It may bind ports below 1024 and has no other privilege; it sees the file system read-only but for its data and its cache.
 * TERM goes to the appliance alone, which stops its children in order; what is left after the timeout is killed with the whole group.
 */
import path from 'node:path';
import { type ServiceSpec, serviceTitle, startArguments, stopTimeoutSeconds } from './spec.ts';

/** Where `mallard service install` puts it. */
export const systemdUnitFile = '/etc/systemd/system/mallard.service';

export function systemdUnit(spec: ServiceSpec): string {
  return unit(spec, [`ReadWritePaths=${quoted(spec.dataDir)}`, ...homes(spec)], `RequiresMountsFor=${quoted(spec.dataDir)}`);
}

/** The unit that the deb and rpm packages bring. Its account and its directory are made by systemd and the package. */
export function packagedUnit(arch: string = process.arch): string {
  const root = '/opt/Mallard/resources/appliance';
  const spec: ServiceSpec = {
    node: `${root}/resources/bin/linux-${arch}/node`,
    launcher: `${root}/bin/mallard.mjs`,
    dataDir: '/var/lib/mallard',
    account: 'mallard',
    programRoot: root,
  };
  return unit(
    spec,
    ['StateDirectory=mallard', 'StateDirectoryMode=0700', 'ProtectHome=yes'],
    'ConditionFileIsExecutable=' + spec.node,
  );
}

function unit(spec: ServiceSpec, folders: readonly string[], condition: string): string {
  const command = [spec.node, ...startArguments(spec)].map(argument).join(' ');
  return [
    '[Unit]',
    `Description=${serviceTitle}`,
    'Wants=network-online.target',
    'After=network-online.target',
    condition,
    '# The appliance restarts its own parts with growing pauses; this is for the appliance itself.',
    'StartLimitIntervalSec=600',
    'StartLimitBurst=5',
    '',
    '[Service]',
    'Type=exec',
    `User=${spec.account}`,
    `ExecStart=${command}`,
    'Restart=on-failure',
    'RestartSec=5',
    'KillMode=mixed',
    `TimeoutStopSec=${stopTimeoutSeconds}`,
    '# One part that runs out of memory is restarted; the others go on.',
    'OOMPolicy=continue',
    'LimitNOFILE=65536',
    'UMask=0077',
    ...folders,
    'CacheDirectory=mallard',
    'CacheDirectoryMode=0700',
    'Environment=MALLARD_CACHE_DIR=/var/cache/mallard',
    '',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'LockPersonality=yes',
    'RemoveIPC=yes',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallErrorNumber=EPERM',
    '# No MemoryDenyWriteExecute: Node compiles while it runs.',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** Homes are hidden, but for the two places that the service needs, where these are in one. */
function homes(spec: ServiceSpec): string[] {
  const inHome = (folder: string): boolean => /^\/(home|root|run\/user)(\/|$)/.test(folder);
  if (!inHome(spec.dataDir) && !inHome(spec.programRoot) && !inHome(spec.node)) return ['ProtectHome=yes'];
  return [
    'ProtectHome=tmpfs',
    ...(inHome(spec.dataDir) ? [`BindPaths=${quoted(bindable(spec.dataDir))}`] : []),
    ...(inHome(spec.programRoot) ? [`BindReadOnlyPaths=${quoted(bindable(spec.programRoot))}`] : []),
    ...(inHome(spec.node) && !isInside(spec.node, spec.programRoot)
      ? [`BindReadOnlyPaths=${quoted(bindable(path.posix.dirname(spec.node)))}`]
      : []),
  ];
}

function isInside(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}

/** A colon separates source and destination there. */
function bindable(folder: string): string {
  return folder.replaceAll(':', '\\:');
}

/** systemd.syntax(7): double quotes with C escapes; % begins a specifier. */
function quoted(text: string): string {
  const escaped = text.replace(/[\\"]/g, (character) => `\\${character}`).replaceAll('%', '%%');
  return /^[\w./@%:+-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** On a command line, $ begins a variable too. */
function argument(text: string): string {
  return quoted(text).replaceAll('$', '$$$$');
}
