/**
 * `docs/settings.md`, made from the registry. Run this file to write it; a test checks that it is current.
 *
 *   npx node app/appliance/settings/document.ts
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../paths.ts';
import { settingNames, settingOf } from './registry.ts';
import type { RestartNeed } from './setting.ts';

export const documentPath: string = path.join(projectRoot, 'docs/settings.md');

const needs: Readonly<Record<RestartNeed, string>> = {
  none: 'at once',
  worker: 'workers restart',
  databases: 'databases restart',
  appliance: 'next start',
};

/** The page as Markdown. */
export function settingsDocument(): string {
  const lines = [
    '# Settings',
    '',
    'This page is made from `app/appliance/settings/registry.ts` by `npx node app/appliance/settings/document.ts`.',
    '',
    'Settings live in the data directory and are changed while the appliance runs or not:',
    '',
    '```',
    'mallard config list',
    'mallard config get imap.port',
    'mallard config set imap.port 10143',
    'mallard config set imap.port --default',
    'mallard start --set imap.port=10143 --set pop3.enabled=false     # for this run only',
    '```',
    '',
    'A default port is the standard one; where it cannot be bound (it is taken, or this user may not have ports below 1024), the appliance takes',
    'standard + 10000 and says so. A port that you set is taken at its word: if it cannot be bound, the start fails and names who holds it. Port 0',
    'is any free port. The last column says when a change holds: the appliance restarts workers by itself.',
    '',
    '| Setting | Default | Allowed | What it does | A change holds |',
    '| --- | --- | --- | --- | --- |',
  ];
  for (const name of settingNames) {
    const setting = settingOf(name);
    const unit = setting.unit === undefined || setting.kind === 'bytes' ? '' : ` ${setting.unit}`;
    const value = setting.toText(setting.default);
    const cells = [
      `\`${name}\``,
      value === '' ? '(empty)' : `${value}${unit}`,
      setting.allowed,
      setting.help,
      needs[setting.restart],
    ];
    lines.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/^\*$/, '\\*')).join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

if (import.meta.main) writeFileSync(documentPath, settingsDocument());
