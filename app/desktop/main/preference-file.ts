/** What the desktop app itself remembers: a small JSON file in the system's folder for app settings. Damaged or missing: the defaults. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { incomingListeners } from './server-commands.ts';

const schema = z.object({
  closeToTray: z.boolean().default(true),
  startHidden: z.boolean().default(false),
  keepAwake: z.boolean().default(false),
  /** The person has been told once that closing the window leaves the mail running. */
  closeExplained: z.boolean().default(false),
  /** Listeners that "Pause incoming mail" turned off. */
  paused: z.array(z.enum(incomingListeners)).default([]),
  window: z
    .object({
      x: z.int().optional(),
      y: z.int().optional(),
      width: z.int().min(400).max(20_000),
      height: z.int().min(300).max(20_000),
      maximized: z.boolean(),
    })
    .optional(),
});
export type StoredPreferences = z.output<typeof schema>;

export class PreferenceFile {
  readonly #file: string;
  #values: StoredPreferences;

  constructor(file: string) {
    this.#file = file;
    this.#values = load(file);
  }

  get values(): StoredPreferences {
    return this.#values;
  }

  set(change: Partial<StoredPreferences>): void {
    this.#values = { ...this.#values, ...change };
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#values, null, 2)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function load(file: string): StoredPreferences {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return schema.parse({});
  }
}
