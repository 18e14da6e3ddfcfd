/** run/control.json: where a running appliance's control API is, and the token for it. Written when it listens, removed when it stops. Mode 0600. */
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { writePrivately } from '../secrets.ts';

const schema = z.object({ url: z.url(), token: z.string().min(16), pid: z.int().positive() });
export type ControlFile = z.output<typeof schema>;

export function writeControlFile(file: string, content: ControlFile): void {
  writePrivately(file, `${JSON.stringify(content)}\n`);
}

/** Undefined when there is none. It may be left over from an appliance that was killed. */
export function readControlFile(file: string): ControlFile | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof z.ZodError || error instanceof SyntaxError)
      return undefined;
    throw error;
  }
}

export function removeControlFile(file: string): void {
  rmSync(file, { force: true });
}
