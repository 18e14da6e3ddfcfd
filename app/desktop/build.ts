/**
 * Bundles the desktop app into dist/desktop: the main program and the preload as CommonJS for the Node and Chromium of Electron 22 and later, and the
 * pages and icons beside them. `npm run build` calls it, and so do the tests and the packaging.
 */
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { build } from 'vite';

const root = path.resolve(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };

/** @param out default dist/desktop */
export async function buildDesktop(out: string = path.join(root, 'dist', 'desktop')): Promise<void> {
  mkdirSync(out, { recursive: true });
  await bundle('main', path.join(import.meta.dirname, 'main', 'main.ts'), out, 'node16');
  await bundle('preload', path.join(import.meta.dirname, 'preload', 'preload.ts'), out, 'chrome108');
  cpSync(path.join(import.meta.dirname, 'pages'), path.join(out, 'pages'), { recursive: true });
  copyFileSync(path.join(root, 'ui', 'public', 'icon.svg'), path.join(out, 'pages', 'icon.svg'));
  const icons = path.join(root, 'resources', 'icons');
  mkdirSync(path.join(out, 'icons'), { recursive: true });
  for (const name of readdirSync(icons).filter((each) => each.startsWith('tray') && each.endsWith('.png'))) {
    copyFileSync(path.join(icons, name), path.join(out, 'icons', name));
  }
  copyFileSync(path.join(icons, 'icon.png'), path.join(out, 'icons', 'icon.png'));
}

/** One file: a sandboxed preload cannot load a second one, and an archive without node_modules has none. */
async function bundle(name: string, entry: string, out: string, target: string): Promise<void> {
  await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'warn',
    publicDir: false,
    // Electron knows a version only of a packaged app.
    define: { 'process.env.MALLARD_VERSION': JSON.stringify(version) },
    ssr: { noExternal: true },
    build: {
      ssr: entry,
      outDir: out,
      emptyOutDir: false,
      target,
      minify: false,
      sourcemap: false,
      rollupOptions: {
        external: ['electron', ...builtinModules, ...builtinModules.map((each) => `node:${each}`)],
        output: { format: 'cjs', entryFileNames: `${name}.cjs`, codeSplitting: false },
      },
    },
  });
}

if (process.argv[1] === import.meta.filename) await buildDesktop();
