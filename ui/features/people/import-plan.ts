/** From the rows of a CSV file to people to add. Pure: every fault is found before anything is written. */
import { tryBytes } from '../../lib/format.ts';

export const importFields = ['address', 'name', 'password', 'quota'] as const;
export type ImportField = (typeof importFields)[number];
/** For each field, the column it comes from. */
export type ColumnMap = Readonly<Record<ImportField, number | undefined>>;

export interface PlannedPerson {
  /** Line of the file, the heading being 1. */
  readonly line: number;
  readonly address: string;
  readonly name: string;
  /** Undefined: one is made. */
  readonly password: string | undefined;
  readonly quota: number;
  readonly problem: 'address' | 'twice' | 'password' | 'quota' | undefined;
}

const headings: Readonly<Record<ImportField, RegExp>> = {
  address: /^(e-?)?mail(-?ad.*)?$|address|adresse/i,
  name: /^(full ?|display ?)?name$|person/i,
  password: /pass(word|wort)|kennwort/i,
  quota: /quota|limit|speicher|storage/i,
};

/** A first guess from the headings. */
export function guessColumns(heading: readonly string[]): ColumnMap {
  const find = (field: ImportField): number | undefined => {
    const at = heading.findIndex((title) => headings[field].test(title.trim()));
    return at === -1 ? undefined : at;
  };
  return { address: find('address'), name: find('name'), password: find('password'), quota: find('quota') };
}

/** @param rows with the heading first */
export function planImport(rows: readonly (readonly string[])[], columns: ColumnMap, defaultQuota: number): PlannedPerson[] {
  const seen = new Set<string>();
  return rows.slice(1).map((row, index) => {
    const field = (name: ImportField): string => {
      const column = columns[name];
      return column === undefined ? '' : (row[column] ?? '').trim();
    };
    const address = field('address');
    const key = address.toLowerCase();
    const quotaText = field('quota');
    const quota = quotaText === '' ? defaultQuota : /^(0|unlimited|unbegrenzt)$/i.test(quotaText) ? 0 : tryBytes(quotaText);
    const password = field('password');
    const problem = !/^[^@\s]+@[^@\s]+$/.test(address)
      ? 'address'
      : seen.has(key)
        ? 'twice'
        : password !== '' && password.length < 8
          ? 'password'
          : quota === undefined
            ? 'quota'
            : undefined;
    seen.add(key);
    return {
      line: index + 2,
      address,
      name: field('name'),
      password: password === '' ? undefined : password,
      quota: quota ?? 0,
      problem,
    };
  });
}
