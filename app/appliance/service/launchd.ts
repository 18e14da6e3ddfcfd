/** The launchd daemon: it starts with the computer, before anyone signs in, under the account that owns the data. */
import path from 'node:path';
import { build } from 'plist';
import { type ServiceSpec, startArguments, stopTimeoutSeconds } from './spec.ts';

export const launchdLabel = 'mail.mallard.server';
export const launchdFile = `/Library/LaunchDaemons/${launchdLabel}.plist`;

export function launchdPlist(spec: ServiceSpec): string {
  const text = build({
    Label: launchdLabel,
    ProgramArguments: [spec.node, ...startArguments(spec)],
    UserName: spec.account,
    WorkingDirectory: spec.dataDir,
    RunAtLoad: true,
    // Stopped on purpose it stays stopped.
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 10,
    ExitTimeOut: stopTimeoutSeconds,
    // The databases answer people's mail programs: no throttling of disk and timers.
    ProcessType: 'Interactive',
    Umask: 0o077,
    SoftResourceLimits: { NumberOfFiles: 65_536 },
    HardResourceLimits: { NumberOfFiles: 65_536 },
    StandardErrorPath: path.posix.join(spec.dataDir, 'logs', 'service.log'),
  });
  return `${text}\n`;
}
