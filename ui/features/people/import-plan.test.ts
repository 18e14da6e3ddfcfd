import { expect, test } from 'vitest';
import { guessColumns, planImport } from './import-plan.ts';

test('columns are guessed from headings in both languages', () => {
  expect(guessColumns(['Name', 'E-Mail', 'Kennwort', 'Speicher'])).toEqual({ address: 1, name: 0, password: 2, quota: 3 });
  expect(guessColumns(['email address', 'Full Name'])).toEqual({ address: 0, name: 1, password: undefined, quota: undefined });
});

test('every fault is found before anything is written', () => {
  const rows = [
    ['mail', 'name', 'password', 'quota'],
    ['anna@example.org', 'Anna', 'long enough', '2 GB'],
    ['no address', '', '', ''],
    ['ANNA@example.org', '', '', ''],
    ['ben@example.org', '', 'short', ''],
    ['carla@example.org', '', '', 'much'],
    ['dave@example.org', '', '', 'unlimited'],
  ];
  const plan = planImport(rows, guessColumns(rows[0] ?? []), 5);
  expect(plan.map(({ line, problem, quota }) => [line, problem, quota])).toEqual([
    [2, undefined, 2 * 1024 ** 3],
    [3, 'address', 5],
    [4, 'twice', 5],
    [5, 'password', 5],
    [6, 'quota', 0],
    [7, undefined, 0],
  ]);
});
