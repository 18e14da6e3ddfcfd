import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearerFailure, parseBearerMessage } from './bearer-message.ts';

test('OAUTHBEARER: what RFC 7628 §4 sends, with and without a name', () => {
  const table: readonly (readonly [string, ReturnType<typeof parseBearerMessage>])[] = [
    [
      'n,a=user@example.com,^host=server.example.com^port=143^auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==^^',
      { username: 'user@example.com', token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==' },
    ],
    ['n,,^auth=Bearer abc^^', { username: undefined, token: 'abc' }],
    ['y,,^AUTH=bearer abc^^', { username: undefined, token: 'abc' }],
    ['n,a=a=2Cb=3Dc,^auth=Bearer x^^', { username: 'a,b=c', token: 'x' }],
    ['n,a=андрис@уайлддак.орг,^auth=Bearer x^^', { username: 'андрис@уайлддак.орг', token: 'x' }],
    ['n,,^auth=Bearer abc^', undefined],
    ['n,,^auth=Basic abc^^', undefined],
    ['n,,^auth=^^', undefined],
    ['n,,^host=x^^', undefined],
    ['n,,^auth=Bearer a^auth=Bearer b^^', undefined],
    ['p=tls-exporter,,^auth=Bearer abc^^', undefined],
    ['n,a=,^auth=Bearer abc^^', undefined],
    ['auth=Bearer abc^^', undefined],
    ['^^', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of table)
    assert.deepEqual(parseBearerMessage('OAUTHBEARER', text.replaceAll('^', '\u0001')), expected, text);
});

test('XOAUTH2', () => {
  const parse = (text: string) => parseBearerMessage('XOAUTH2', text.replaceAll('^', '\u0001'));
  assert.deepEqual(parse('user=ann@example.org^auth=Bearer abc^^'), { username: 'ann@example.org', token: 'abc' });
  assert.deepEqual(parse('user=^auth=Bearer abc^^'), { username: undefined, token: 'abc' });
  assert.equal(parse('n,,^auth=Bearer abc^^'), undefined);
  assert.equal(parse('user=ann^^'), undefined);
});

test('a failure says what the token lacks', () => {
  assert.deepEqual(JSON.parse(bearerFailure('imap')), { status: 'invalid_token', scope: 'imap' });
});
