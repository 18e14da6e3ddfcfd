import { expect, test } from 'vitest';
import { membersIn } from './members.ts';

test('addresses as people paste them, each once', () => {
  expect(membersIn('anna@example.org\nBen Martin <ben@example.org>; ANNA@example.org, \n\n')).toEqual({
    members: ['anna@example.org', 'ben@example.org'],
    wrong: [],
  });
  expect(membersIn('anna\nx@y@z').wrong).toEqual(['anna', 'x@y@z']);
});
