import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressKey, parseAddress } from './address.ts';

describe('mail address', () => {
  const keys: [string, string | undefined][] = [
    ['User@Example.TEST', 'user@example.test'],
    ['user+Label@example.test', 'user@example.test'],
    ['+x@example.test', '+x@example.test'],
    ['"user"@example.test', 'user@example.test'],
    ['"a b"@example.test', '"a b"@example.test'],
    ['"a@b"@example.test', '"a@b"@example.test'],
    ['"a\\"b"@example.test', '"a\\"b"@example.test'],
    ['андрис@уайлддак.орг', 'андрис@xn--80aalaxjd5d.xn--c1avg'],
    ['АНДРИС+спам@xn--80aalaxjd5d.xn--c1avg', 'андрис@xn--80aalaxjd5d.xn--c1avg'],
    ['cafe\u0301@example.test', 'café@example.test'],
    ['user@localhost', 'user@localhost'],
    ['user@[192.0.2.1]', 'user@[192.0.2.1]'],
    ['user@[IPv6:2001:DB8::1]', 'user@[IPv6:2001:db8::1]'],
    ['user@192.0.2.1', undefined],
    ['user@0x7f.1', undefined],
    ['user@[999.0.2.1]', undefined],
    ['user@ex%41mple.test', undefined],
    ['user@-a.test', undefined],
    ['user@a..test', undefined],
    ['user@a.test.', undefined],
    ['user@', undefined],
    ['@example.test', undefined],
    ['user', undefined],
    ['', undefined],
    ['.user@example.test', undefined],
    ['us..er@example.test', undefined],
    ['us er@example.test', undefined],
    ['user@example.test\r\n', undefined],
    ['user\u0000@example.test', undefined],
    ['""@example.test', undefined],
    ['"a"b"@example.test', undefined],
    [`${'x'.repeat(64)}@example.test`, `${'x'.repeat(64)}@example.test`],
    [`${'x'.repeat(65)}@example.test`, undefined],
    [`x@${'a.'.repeat(130)}test`, undefined],
    [`x@${'a'.repeat(64)}.test`, undefined],
    ['x'.repeat(1_000_000), undefined],
  ];
  for (const [text, key] of keys)
    test(`${JSON.stringify(text.slice(0, 40))} → ${key?.slice(0, 40)}`, () => assert.equal(addressKey(text), key));

  test('what is shown', () => {
    assert.deepEqual(parseAddress('Андрис+Спам@XN--80AALAXJD5D.xn--c1avg'), {
      ok: true,
      value: {
        localPart: 'Андрис+Спам',
        label: 'Спам',
        domain: 'уайлддак.орг',
        asciiDomain: 'xn--80aalaxjd5d.xn--c1avg',
        full: 'Андрис+Спам@уайлддак.орг',
        lookupKey: 'андрис@xn--80aalaxjd5d.xn--c1avg',
        needsSmtpUtf8: true,
      },
    });
  });

  test('an address parses back from its full form to the same key', () => {
    for (const [text, key] of keys) {
      const parsed = parseAddress(text);
      if (parsed.ok) assert.equal(addressKey(parsed.value.full), key);
    }
  });
});
