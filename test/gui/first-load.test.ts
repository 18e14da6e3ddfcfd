/** What a browser loads before the first screen stands, compressed: shell, English, home. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { builtGui } from '../../app/appliance/paths.ts';
import { ensureBuilt } from '../../ui/build.ts';

const maxBytes = 350_000;
const manifestSchema = z.record(
  z.string(),
  z.looseObject({ file: z.string(), css: z.array(z.string()).default([]), imports: z.array(z.string()).default([]) }),
);

test('the first load is at most 350 kB', async () => {
  await ensureBuilt();
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(path.join(builtGui, '.vite', 'manifest.json'), 'utf8')));
  const seen = new Set<string>();
  const files = new Set<string>();
  const walk = (name: string): void => {
    const entry = manifest[name];
    if (entry === undefined || seen.has(name)) return;
    seen.add(name);
    for (const file of [entry.file, ...entry.css]) files.add(file);
    entry.imports.forEach(walk);
  };
  for (const name of ['index.html', 'locales/en.ts', 'features/home/home-page.tsx']) {
    assert.ok(manifest[name] !== undefined, `${name} is in the manifest`);
    walk(name);
  }
  const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(path.join(builtGui, file)), { level: 9 }).length, 0);
  assert.ok(bytes <= maxBytes, `${bytes} bytes in ${files.size} files`);
  assert.ok(bytes > 100_000, 'it measured the app');
});

test('nothing inline: the page fits the content security policy', async () => {
  await ensureBuilt();
  const page = readFileSync(path.join(builtGui, 'index.html'), 'utf8');
  assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)/);
  assert.doesNotMatch(page, /<style|\son\w+=|style="/);
});
