/** The licences of everything that a package contains, as one text: what is bundled as a program, and every npm package with its own licence file. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ProductionPackage } from './production.ts';

interface Bundled {
  readonly name: string;
  readonly licence: string;
  readonly where: string;
}

/** The programs beside the npm packages. All are passed on unchanged. */
const bundled: readonly Bundled[] = [
  {
    name: 'Electron',
    licence: 'MIT',
    where: 'LICENSE.electron.txt and, for Chromium and what it contains, LICENSES.chromium.html',
  },
  {
    name: 'Node.js',
    licence: 'MIT, and the licences of what it contains',
    where: 'https://github.com/nodejs/node/blob/main/LICENSE',
  },
  {
    name: 'MongoDB Community Server (mongod)',
    licence: 'Server Side Public License 1',
    where: 'https://www.mongodb.com/licensing/server-side-public-license',
  },
  {
    name: 'Valkey, or Redis 7.2 where it was built from source',
    licence: 'BSD-3-Clause',
    where: 'https://github.com/valkey-io/valkey/blob/unstable/COPYING',
  },
  { name: 'WinSW (Windows only)', licence: 'MIT', where: 'https://github.com/winsw/winsw/blob/v2.12.0/LICENSE.txt' },
];

export function licencesText(root: string, packages: readonly ProductionPackage[], ownLicence: string): string {
  const rule = '-'.repeat(100);
  const sections = [
    `Mallard\n\n${ownLicence.trim()}`,
    ...bundled.map(({ name, licence, where }) => `${name}\n\nLicence: ${licence}\nText: ${where}`),
    ...packages.map(({ folder, name, version, license }) => {
      const text = licenceFiles(path.join(root, folder));
      return `${name} ${version}\n\nLicence: ${license}${text === '' ? '' : `\n\n${text}`}`;
    }),
  ];
  return `${sections.join(`\n\n${rule}\n\n`)}\n`;
}

function licenceFiles(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(entry.name))
    .map((entry) => readFileSync(path.join(folder, entry.name), 'utf8').trim())
    .join('\n\n');
}
