/**
 * Amounts as people write them: `2GB`, `500 MB`, `64MiB`, `1024`. A unit is a power of 1024 whichever way it is spelt, as mail quotas have
 * always been meant; the result is exact bytes.
 */

const powers: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

/** What `tryBytes` takes, in words. */
export const bytesHelp = 'a number of bytes, or one with a unit: 512KB, 64MB, 2GB, 1TB';

/** Bytes, or undefined when the text is no amount. */
export function tryBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = '', prefix = '', suffix = ''] = match;
  // "5i" and "5ib" are no units.
  if (prefix === '' && suffix.toLowerCase() === 'ib') return undefined;
  const bytes = Number(digits) * 1024 ** (powers[prefix.toLowerCase()] ?? 0);
  return Number.isSafeInteger(Math.round(bytes)) ? Math.round(bytes) : undefined;
}

/** A mailbox quota in bytes: an amount, or `unlimited` (0, as the HTTP API has it). */
export function tryQuota(text: string): number | undefined {
  if (/^(unlimited|none)$/i.test(text.trim())) return 0;
  return tryBytes(text);
}

/** The shortest exact-enough writing: `64 MB`, `1.5 GB`, `300 B`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit] ?? 'B'}`;
}
