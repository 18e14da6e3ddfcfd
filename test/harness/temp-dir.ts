/** Temporary folders that vanish with the test process. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folders = new Set<string>();

/** A fresh folder under the system's temporary folder; removed when this process ends (kept with MALLARD_KEEP_TEMP=1). */
export function tempDir(label = 'test'): string {
  if (folders.size === 0) process.on('exit', removeAll);
  const folder = mkdtempSync(path.join(os.tmpdir(), `mallard-${label}-`));
  folders.add(folder);
  return folder;
}

/** Removes one early. */
export function removeTempDir(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

function removeAll(): void {
  if (process.env['MALLARD_KEEP_TEMP'] === '1') return;
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // A child that is still dying may hold a file; the system clears its temporary folder anyway.
    }
  }
}
