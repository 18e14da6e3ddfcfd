/** Writes asar archives (Electron's container) of a few small files in memory. */

/** An archive with a `package.json` and a program that loads the script named on the command line, as Electron's own default app does. */
export function defaultAppArchive(): Buffer {
  const program = [
    "const path = require('node:path');",
    "const at = process.argv.findIndex((arg, index) => index > 0 && !arg.startsWith('-'));",
    'const [file] = process.argv.splice(at, 1);',
    'require(path.resolve(file));',
  ].join('\n');
  return asar({ 'package.json': '{"name":"default-app","main":"main.cjs"}', 'main.cjs': program });
}

/** @param files by name, in one folder */
export function asar(files: Readonly<Record<string, string>>): Buffer {
  let offset = 0;
  const contents: Buffer[] = [];
  const entries: Record<string, { size: number; offset: string }> = {};
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    entries[name] = { size: content.length, offset: String(offset) };
    offset += content.length;
    contents.push(content);
  }
  const json = Buffer.from(JSON.stringify({ files: entries }));
  // Chromium's pickle twice over: the header's size, then the header as a string padded to four bytes.
  const padded = Math.ceil(json.length / 4) * 4;
  const head = Buffer.alloc(16 + padded);
  head.writeUInt32LE(4, 0);
  head.writeUInt32LE(8 + padded, 4);
  head.writeUInt32LE(4 + padded, 8);
  head.writeUInt32LE(json.length, 12);
  json.copy(head, 16);
  return Buffer.concat([head, ...contents]);
}
