/** CSV by RFC 4180, as spreadsheets write it: quotes, line breaks inside quotes, a comma, semicolon or tab between fields. */

/** Rows of fields; rows without any text are left out. The separator is the one that the first line has most of. */
export function parseCsv(text: string): string[][] {
  const source = text.replace(/^\uFEFF/, '');
  const firstLine = /^[^\r\n]*/.exec(source)?.[0] ?? '';
  const separator = [',', ';', '\t'].reduce((best, each) => (count(firstLine, each) > count(firstLine, best) ? each : best), ',');
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  const endRow = (): void => {
    row.push(field);
    if (row.some((each) => each.trim() !== '')) rows.push(row);
    row = [];
    field = '';
  };
  for (let at = 0; at < source.length; at += 1) {
    const letter = source[at];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (source[at + 1] === '"') {
        field += '"';
        at += 1;
      } else quoted = false;
    } else if (letter === '"' && field === '') quoted = true;
    else if (letter === separator) {
      row.push(field);
      field = '';
    } else if (letter === '\n') endRow();
    else if (letter !== '\r') field += letter;
  }
  endRow();
  return rows;
}

/** What begins like a formula gets an apostrophe in front, or a spreadsheet would run it. */
export function writeCsv(rows: readonly (readonly string[])[]): string {
  return rows
    .map((row) =>
      row
        .map((field) => (/^[=+\-@\t\r]/.test(field) ? `'${field}` : field))
        .map((field) => (/[",;\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
        .join(','),
    )
    .join('\r\n');
}

function count(text: string, letter: string): number {
  return text.split(letter).length;
}
