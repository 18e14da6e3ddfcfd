/** What a person can do when no server binary works: what the tries themselves suggest first, then the general ways for the platform. */
import type { Host } from './host.ts';
import { manifest, type ServerName } from './manifest.ts';
import type { FailedTry } from './try.ts';

const install: Readonly<Record<ServerName, Readonly<Partial<Record<NodeJS.Platform, string>>>>> = {
  mongod: {
    linux: 'Install MongoDB Community from its publisher or your distribution, so that mongod is on the PATH.',
    darwin: 'Install it with Homebrew: brew tap mongodb/brew && brew install mongodb-community.',
    win32: 'Install MongoDB Community for Windows from its publisher.',
  },
  valkey: {
    linux: 'Install it from your distribution: apt-get install valkey-server (or redis-server).',
    darwin: 'Install it with Homebrew: brew install valkey.',
    win32: 'Set redis.uri to a Valkey or Redis on another machine, or to none.',
  },
};

export function remediesFor(host: Pick<Host, 'os'>, server: ServerName, tries: readonly FailedTry[]): string[] {
  // A missing library is the cheapest cure; then whatever else the tries know.
  const ordered = [...tries].sort((a, b) => Number(b.kind === 'missing-library') - Number(a.kind === 'missing-library'));
  const remedies = new Set(ordered.flatMap((one) => (one.remedy === undefined ? [] : [one.remedy])));
  if (tries.some((one) => one.kind === 'no-network'))
    remedies.add('Connect this computer to the internet and start again: the program is downloaded once.');
  const general = install[server][host.os];
  if (general !== undefined) remedies.add(general);
  remedies.add(
    `If you have one elsewhere, give its path: in the settings, or by the environment variable ${manifest[server].environment}.`,
  );
  remedies.add(`Or use a ${server === 'mongod' ? 'MongoDB' : 'Redis'} that already runs, by its URI.`);
  return [...remedies];
}
