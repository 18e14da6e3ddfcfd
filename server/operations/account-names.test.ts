import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey, shownAddress, tryWildcard, usernameKey, wildcardsFor } from './account-names.ts';

test('spellings of one name have one key', () => {
  const same: readonly (readonly [string, readonly string[]])[] = [
    ['johndoe', ['john.doe', 'JohnDoe', 'JOHN.DOE']],
    ['johndoe@example.com', ['John.Doe@Example.COM', 'johndoe+shop@example.com']],
    [
      'андрис@xn--80aalaxjd5d.xn--c1avg',
      ['Андрис@уайлддак.орг', 'андрис+метка@УАЙЛДДАК.орг', 'андрис@xn--80aalaxjd5d.xn--c1avg'],
    ],
    ['jürgen@example.org', ['ju\u0308rgen@example.org', 'JÜRGEN@example.org']],
  ];
  for (const [key, spellings] of same) for (const spelling of spellings) assert.equal(usernameKey(spelling), key, spelling);
  assert.equal(usernameKey(''), undefined);
  assert.equal(usernameKey('a@b@'), undefined);
  assert.equal(addressKey('nobody'), undefined);
});

test('shown addresses keep their dots and label and are in Unicode', () => {
  assert.equal(shownAddress(' John.Doe+x@xn--80aalaxjd5d.xn--c1avg '), 'John.Doe+x@уайлддак.орг');
  assert.equal(shownAddress('no address'), undefined);
});

test('wildcards: three forms and no other', () => {
  assert.deepEqual(tryWildcard('*@Example.com'), { key: '*@example.com', shown: '*@example.com' });
  assert.deepEqual(tryWildcard('*Sales@example.com'), { key: '*sales@example.com', shown: '*Sales@example.com' });
  assert.deepEqual(tryWildcard('info@*'), { key: 'info@*', shown: 'info@*' });
  for (const text of ['*', '*@*', 'a*@example.com', '**@example.com', '*@exa mple', 'info@example.com'])
    assert.equal(tryWildcard(text), undefined, text);
});

test('candidates go from the longest suffix to the shortest, then any domain', () => {
  assert.deepEqual(wildcardsFor('abc@example.com'), ['*bc@example.com', '*c@example.com', '*@example.com', 'abc@*']);
});
