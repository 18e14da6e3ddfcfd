/**
 * The support bundle: one zip with what somebody needs who wants to help, and with nothing of anybody's mail. Settings without secrets, the state, the checks of
 * `mallard doctor`, the newest log lines and the numbers of the plots; addresses and names are pseudonyms.
 */
import { hostname, release, totalmem } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { settingEntry } from '../control/handlers.ts';
import type { Finding, Status } from '../control/contract.ts';
import type { LogStore, StoredLine } from '../logs/store.ts';
import { SecretMask } from '../logs/mask.ts';
import type { MetricsStore } from '../metrics/store.ts';
import type { Settings } from '../settings/store.ts';
import { version } from '../version.ts';
import { Pseudonyms } from './pseudonyms.ts';

export interface BundleParts {
  readonly settings: Settings;
  readonly logs: LogStore;
  /** Undefined where the appliance does not run. */
  readonly metrics?: MetricsStore | undefined;
  readonly status?: Status | undefined;
  readonly findings: readonly Finding[];
}

const maxLines = 20_000;
const pageLines = 1000;
const day = 86_400_000;

const readme = `This bundle was made by Mallard for somebody who helps with a problem.

about.json      versions and the system
status.json     what runs
settings.json   settings that differ from their defaults; secrets read ***
checks.txt      what "mallard doctor" found
log.jsonl       the newest log lines, oldest first
metrics.json    memory, processor, mail and clients of the last day

E-mail addresses, names and Internet addresses are pseudonyms (user-1a2b3c@domain-4d5e6f): the same one stands for the same thing within this bundle only.
No message and no password is inside. Look through it before you send it.
`;

/** The zip, whole: some megabytes at most. */
export async function makeSupportBundle(parts: BundleParts): Promise<Buffer> {
  const { settings, status } = parts;
  const lines = await newestLines(parts.logs);
  const names = new Pseudonyms([
    hostname(),
    settings.get('server.hostname'),
    ...settings.get('server.names'),
    ...lines.flatMap(({ user }) => (user === undefined ? [] : [user])),
  ]);
  const mask = new SecretMask();
  const clean = (value: unknown): string => names.text(mask.text(JSON.stringify(value, undefined, 2)));
  const zip = new ZipFile();
  const add = (name: string, text: string): void => zip.addBuffer(Buffer.from(text), name);
  add('README.txt', readme);
  add(
    'about.json',
    clean({
      version,
      node: process.versions.node,
      platform: process.platform,
      arch: process.arch,
      release: release(),
      memoryBytes: totalmem(),
      madeAt: new Date().toISOString(),
    }),
  );
  add('status.json', clean(status ?? { state: 'stopped' }));
  add(
    'settings.json',
    clean(
      settings
        .list()
        .filter(({ origin }) => origin !== 'default')
        .map(settingEntry),
    ),
  );
  add(
    'checks.txt',
    names.text(
      parts.findings
        .map(
          ({ name, state, message, remedy }) =>
            `${state.padEnd(5)} ${name}: ${message}${remedy === undefined ? '' : `\n      → ${remedy}`}`,
        )
        .join('\n'),
    ),
  );
  add(
    'log.jsonl',
    lines.map((line) => names.text(mask.text(JSON.stringify({ ...line, at: new Date(line.at).toISOString() })))).join('\n'),
  );
  if (parts.metrics !== undefined)
    add('metrics.json', JSON.stringify(parts.metrics.history(parts.metrics.names(), Date.now() - day, Date.now(), 288)));
  zip.end();
  return buffer(zip.outputStream);
}

async function newestLines(logs: LogStore): Promise<StoredLine[]> {
  const found: StoredLine[] = [];
  let before: number | undefined;
  do {
    const page = await logs.query({ limit: pageLines, ...(before === undefined ? {} : { before }) });
    found.push(...page.lines);
    before = page.next;
  } while (before !== undefined && found.length < maxLines);
  return found.reverse();
}
