/**
 * Builds the GUI of ui/ into dist/ui, and runs its component tests. For work on the GUI: start an appliance, then
 * `MALLARD_GUI=http://127.0.0.1:8090 npx vite`; the pages come from the sources, everything else from the appliance.
 */
import path from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const appliance = process.env['MALLARD_GUI'] ?? 'http://127.0.0.1:8090';

export default defineConfig({
  root: path.join(import.meta.dirname, 'ui'),
  plugins: [react()],
  build: {
    outDir: path.join(import.meta.dirname, 'dist', 'ui'),
    emptyOutDir: true,
    // The browsers that people have, and the Electron 22 (Chromium 108) that the desktop app may run on.
    target: ['chrome108', 'firefox115', 'safari16.4'],
    // Nothing inline: the content security policy allows scripts from files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: Object.fromEntries(
      ['/control', '/api'].map((prefix) => [
        prefix,
        {
          target: appliance,
          changeOrigin: true,
          // The appliance refuses other sites' requests; here the page comes from Vite's address on purpose.
          configure: (proxy) => proxy.on('proxyReq', (request) => request.removeHeader('origin')),
        },
      ]),
    ),
  },
  test: {
    include: ['**/*.test.{ts,tsx}'],
    // Component tests say `@vitest-environment happy-dom` in their first line; the others need no browser.
    environment: 'node',
    setupFiles: [path.join(import.meta.dirname, 'ui', 'testing', 'setup.ts')],
    restoreMocks: true,
    // Only a failing test ever waits that long; a loaded machine is slow.
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
