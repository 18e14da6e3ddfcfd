import { expect, test } from 'vitest';
import { de } from './de.ts';
import { en } from './en.ts';

function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(value as object).flatMap(([name, inner]) => texts(inner, path === '' ? name : `${path}/${name}`));
}

const placeholders = (text: string): string[] => [...text.matchAll(/\{\{\w+\}\}|<\/?\w+>/g)].map(([found]) => found).sort();

test('every German text has the places of the English one', () => {
  const german = new Map(texts(de));
  for (const [path, text] of texts(en)) {
    const other = german.get(path);
    expect(other, path).toBeDefined();
    // "One person" needs no number, in either language.
    if (!path.endsWith('_one')) expect(placeholders(other ?? ''), path).toEqual(placeholders(text));
  }
});

test('nothing was left in English', () => {
  const same = texts(en).filter(([path, text]) => {
    const other = texts(de).find(([name]) => name === path)?.[1];
    return other === text && text.split(' ').length > 3;
  });
  expect(same).toEqual([]);
});

test('steps of the clients are as many in both languages', () => {
  for (const [name, { steps }] of Object.entries(en.device.client)) {
    expect(de.device.client[name as keyof typeof de.device.client].steps.split('\n').length, name).toBe(steps.split('\n').length);
  }
});
