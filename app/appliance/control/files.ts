/**
 * The GUI's files: the built GUI in dist/ui when it is there, else one small page that shows what runs. The list of files is read when the server
 * starts, and only what is on it is served: no path of a request ever reaches the file system.
 */
import { createReadStream, readdirSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

/** What becomes a third by compression. Pictures and fonts are compressed already. */
const compressible: ReadonlySet<string> = new Set(['.html', '.js', '.css', '.json', '.svg', '.webmanifest', '.txt']);

export class GuiFiles {
  readonly #root: string;
  readonly #files: ReadonlyMap<string, string>;

  /** @param built where the built GUI is, or would be */
  constructor(built: string) {
    this.#root = hasIndex(built) ? built : path.join(import.meta.dirname, 'page');
    this.#files = new Map(
      readdirSync(this.#root, { recursive: true, encoding: 'utf8' })
        .filter((name) => types[path.extname(name)] !== undefined)
        .map((name) => [`/${name.split(path.sep).join('/')}`, path.join(this.#root, name)]),
    );
  }

  /**
   * False when there is no such file. A path without a file ending is a place inside the GUI and gets its page.
   * @param encodings the Accept-Encoding header
   */
  async serve(pathname: string, response: ServerResponse, encodings = ''): Promise<boolean> {
    const wanted = path.posix.extname(pathname) === '' ? '/index.html' : pathname;
    const file = this.#files.get(wanted);
    if (file === undefined) return false;
    response.setHeader('content-type', types[path.extname(file)] ?? 'application/octet-stream');
    // The builder puts a hash into the names under assets/: these never change.
    response.setHeader('cache-control', wanted.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (!compressible.has(path.extname(file))) {
      response.setHeader('content-length', statSync(file).size);
      await pipeline(createReadStream(file), response);
      return true;
    }
    response.setHeader('vary', 'accept-encoding');
    if (/\bgzip\b/.test(encodings)) {
      response.setHeader('content-encoding', 'gzip');
      await pipeline(createReadStream(file), createGzip(), response);
    } else {
      response.setHeader('content-length', statSync(file).size);
      await pipeline(createReadStream(file), response);
    }
    return true;
  }
}

function hasIndex(folder: string): boolean {
  return statSync(path.join(folder, 'index.html'), { throwIfNoEntry: false })?.isFile() === true;
}
