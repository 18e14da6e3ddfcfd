/**
 * Builds the GUI before a start from the sources, when it is missing or older than they are. A packaged app has no sources and nothing to do. The builder
 * runs in a process of its own: it needs memory that the appliance would keep for months.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './paths.ts';

const builder = path.join(projectRoot, 'ui', 'build.ts');

/** @returns undefined when the GUI is there, else why it could not be built: the appliance then serves its simple page */
export async function ensureGui(tell: (line: string) => void): Promise<string | undefined> {
  if (!existsSync(builder)) return undefined;
  const { isBuilt } = (await import(pathToFileURL(builder).href)) as { isBuilt: () => boolean };
  if (isBuilt()) return undefined;
  const child = spawn(process.execPath, [builder], { stdio: ['ignore', 'ignore', 'pipe'], cwd: projectRoot });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => {
    const text = piece.toString();
    said = (said + text).slice(-4000);
    for (const line of text.split('\n')) if (line.trim() !== '') tell(line);
  });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0
      ? undefined
      : (said
          .trim()
          .split('\n')
          .find((line) => /error/i.test(line)) ?? `the builder ended with ${code}`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
