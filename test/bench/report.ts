/** The benchmark's table: a line per measure, a column per server, and Mallard's ratio to the other. */
import type { Measured } from './measure.ts';

export type Results = { readonly name: string; readonly version: string; readonly measured: readonly Measured[] };

/** A ratio above 1 means that the first server does better, whatever the unit. */
export function printTable(results: readonly Results[]): string {
  const [first, second] = results;
  if (first === undefined) return '';
  // Counts of hits belong to the name on the screen but differ between runs of search.
  const keyOf = (one: Measured): string => `${one.name.replace(/ \(.*\)/, '')}|${one.unit}`;
  const keys = [...new Set(results.flatMap(({ measured }) => measured.map(keyOf)))];
  const rows = [['measure', ...results.map(({ name }) => name), '', second === undefined ? '' : 'ratio']];
  for (const key of keys) {
    const found = results.map(({ measured }) => measured.find((one) => keyOf(one) === key));
    const any = found.find((one) => one !== undefined);
    if (any === undefined) continue;
    const [a, b] = found;
    const ratio = a === undefined || b === undefined ? '' : ratioText(a, b);
    rows.push([any.name, ...found.map((one) => (one === undefined ? '–' : number(one.value))), any.unit, ratio]);
  }
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === row.length - 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const versions = results.map(({ name, version }) => `${name}: ${version}`);
  return `${lines.join('\n')}\n\n${versions.join('\n')}\n`;
}

function ratioText(a: Measured, b: Measured): string {
  const ratio = a.better === 'more' ? a.value / b.value : b.value / a.value;
  return Number.isFinite(ratio) && ratio > 0 ? `${ratio.toPrecision(2)} ×` : '';
}

function number(value: number): string {
  if (!Number.isFinite(value)) return 'never';
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
