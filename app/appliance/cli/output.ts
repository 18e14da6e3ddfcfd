/** What commands print: results to stdout (JSON or text for people), everything else to stderr. */

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

/** For people, beside the result: progress, hints. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns as wide as their widest cell; control characters of foreign text are taken out, so that no name can move the cursor. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  for (const row of all) {
    printLine(
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell))))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** Characters as people see them; wide ones of East Asian scripts count one, which is near enough for a table. */
function width(text: string): number {
  return Array.from(new Intl.Segmenter().segment(text)).length;
}

export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** "2 h 5 min", from milliseconds. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
