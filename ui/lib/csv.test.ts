import { expect, test } from 'vitest';
import { parseCsv, writeCsv } from './csv.ts';

test('commas, semicolons and tabs; quotes, breaks inside them, a mark at the beginning', () => {
  expect(parseCsv('\uFEFFa;b\r\n"x;1";"say ""hi"""\r\n\r\n')).toEqual([
    ['a', 'b'],
    ['x;1', 'say "hi"'],
  ]);
  expect(parseCsv('a,b\n"line\nbreak",2')).toEqual([
    ['a', 'b'],
    ['line\nbreak', '2'],
  ]);
  expect(parseCsv('a\tb\n1\t2')).toEqual([
    ['a', 'b'],
    ['1', '2'],
  ]);
});

test('what is written reads back, and a formula is defused', () => {
  const rows = [
    ['a', 'b;c'],
    ['"quoted"', 'x\ny'],
  ];
  expect(parseCsv(writeCsv(rows))).toEqual(rows);
  expect(writeCsv([['=1+1']])).toBe("'=1+1");
});
