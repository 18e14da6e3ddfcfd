/**
 * Draws the icons of the desktop app from ui/public/icon.svg: `node resources/icons/make.mjs` (needs rsvg-convert). The results are kept in the
 * repository, so a build needs no drawing program.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const source = readFileSync(path.join(folder, '../../ui/public/icon.svg'), 'utf8');
const drawing = source.replace(/^<svg[^>]*>|<\/svg>\s*$/g, '');

const draw = (svg, size) => execFileSync('rsvg-convert', ['-w', String(size), '-h', String(size)], { input: svg });
const svg = (content) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">${content}</svg>`;
const save = (name, data) => writeFileSync(path.join(folder, name), data);

// The app: a little air around it, as the systems' own icons have.
const app = (size) => draw(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="-3 -3 70 70">${drawing}</svg>`, size);
save('icon.png', app(1024));
save('icon.ico', ico([16, 24, 32, 48, 64, 128, 256].map((size) => ({ size, png: app(size) }))));
save(
  'icon.icns',
  icns(
    [
      ['icp4', 16],
      ['icp5', 32],
      ['ic07', 128],
      ['ic08', 256],
      ['ic09', 512],
      ['ic10', 1024],
      ['ic11', 32],
      ['ic12', 64],
      ['ic13', 256],
      ['ic14', 512],
    ].map(([type, size]) => ({ type, png: app(size) })),
  ),
);

// The tray: the state as a coloured dot with its own form, so that it is told apart without colours too.
const dots = {
  running: '<circle cx="51" cy="51" r="12" fill="#2f9e44" stroke="#fff" stroke-width="3"/>',
  starting: '<circle cx="51" cy="51" r="11" fill="#fff" stroke="#f08c00" stroke-width="5"/>',
  problem: '<path d="M51 37 64 62H38Z" fill="#e03131" stroke="#fff" stroke-width="3" stroke-linejoin="round"/>',
  stopped: '<rect x="40" y="40" width="22" height="22" rx="3" fill="#868e96" stroke="#fff" stroke-width="3"/>',
};
for (const [state, dot] of Object.entries(dots)) {
  save(`tray-${state}.png`, draw(svg(drawing + dot), 32));
  save(`tray-${state}@2x.png`, draw(svg(drawing + dot), 64));
}
// macOS colours the silhouette itself.
const duck = drawing.match(/<path d="(M40 13[^"]*)"/)[1];
const silhouette = svg(`<g transform="translate(-10 -9) scale(1.3)"><path d="${duck}" fill="#000"/></g>`);
save('trayTemplate.png', draw(silhouette, 18));
save('trayTemplate@2x.png', draw(silhouette, 36));

/** Windows' container: a directory of PNGs. */
function ico(images) {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  images.forEach(({ size, png }, index) => {
    const at = 6 + 16 * index;
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([head, ...images.map((image) => image.png)]);
}

/** Apple's container: typed blocks, lengths include their heads. */
function icns(images) {
  const blocks = images.map(({ type, png }) => Buffer.concat([Buffer.from(type, 'latin1'), uint32(png.length + 8), png]));
  const body = Buffer.concat(blocks);
  return Buffer.concat([Buffer.from('icns', 'latin1'), uint32(body.length + 8), body]);
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
