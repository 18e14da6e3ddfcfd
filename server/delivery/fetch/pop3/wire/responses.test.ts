import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCapabilities, parseListing, parseStatus, Pop3SyntaxFault, ResponseReader } from './responses.ts';

const reader = (text: string, maxLineBytes = 100): ResponseReader => {
  const made = new ResponseReader({ maxLineBytes });
  made.push(Buffer.from(text, 'latin1'));
  return made;
};

test('lines and bodies follow each other', () => {
  const made = reader('+OK hello\r\n+OK 3\r\nabc\r\n..d\r\n...\r\n.\r\n-ERR no\r\n.\r\n');
  assert.equal(made.line(), '+OK hello');
  assert.equal(made.line(), '+OK 3');
  assert.equal(made.body(100)?.toString(), 'abc\r\n.d\r\n..\r\n');
  assert.equal(made.line(), '-ERR no');
  assert.equal(made.body(100)?.toString(), '');
  assert.equal(made.line(), undefined);
  assert.equal(made.bufferedBytes, 0);
});

test('a body that is stuffed at its beginning; one that ends only later', () => {
  assert.equal(reader('..\r\n.\r\n').body(10)?.toString(), '.\r\n');
  const made = reader('a\r\n.b');
  assert.equal(made.body(100), undefined);
  made.push(Buffer.from('\r\n.\r'));
  assert.equal(made.body(100), undefined);
  made.push(Buffer.from('\n+OK'));
  assert.equal(made.body(100)?.toString(), 'a\r\nb\r\n');
  assert.equal(made.bufferedBytes, 3);
});

test('too much is a fault', () => {
  assert.throws(() => reader('x'.repeat(101)).line(), Pop3SyntaxFault);
  assert.throws(() => reader(`${'x'.repeat(101)}\r\n`).line(), Pop3SyntaxFault);
  assert.throws(() => reader('x'.repeat(120)).body(100), Pop3SyntaxFault);
  assert.throws(() => reader(`${'x'.repeat(101)}\r\n.\r\n`).body(100), Pop3SyntaxFault);
});

test('any body comes back, however it is cut', () => {
  const texts = fc.array(fc.constantFrom('.', '..', '\r\n', 'a', '.\r\n', '\n', '\r', 'ü'), { maxLength: 40 });
  fc.assert(
    fc.property(texts, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }), (pieces, sizes) => {
      const body = Buffer.from(`${pieces.join('')}\r\n`);
      const stuffed = Buffer.from(`${body.toString('latin1').replace(/(^|\r\n)\./g, '$1..')}.\r\n+OK`, 'latin1');
      const made = new ResponseReader({ maxLineBytes: 10 });
      let got: Buffer | undefined;
      for (let at = 0, turn = 0; at < stuffed.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        made.push(stuffed.subarray(at, at + size));
        at += size;
        got ??= made.body(1_000);
      }
      assert.deepEqual(got, body);
    }),
  );
});

test('status lines', () => {
  assert.deepEqual(parseStatus('+OK'), { ok: true, code: '', text: '' });
  assert.deepEqual(parseStatus('+ok ready <1@a>'), { ok: true, code: '', text: 'ready <1@a>' });
  assert.deepEqual(parseStatus('-ERR [in-use] locked'), { ok: false, code: 'IN-USE', text: 'locked' });
  assert.deepEqual(parseStatus('-ERR [] odd'), { ok: false, code: '', text: '[] odd' });
  assert.throws(() => parseStatus('220 mail.test ESMTP'), /does not speak POP3; it says: 220 mail/);
});

test('listings and capabilities', () => {
  assert.deepEqual(parseListing(Buffer.from('1 abc\r\n2  d!~ more\r\nx\r\n3\r\n')), [
    { number: 1, value: 'abc' },
    { number: 2, value: 'd!~' },
  ]);
  assert.deepEqual(
    [...parseCapabilities(Buffer.from('UIDL\r\nsasl PLAIN LOGIN\r\n'))],
    [
      ['UIDL', ''],
      ['SASL', 'PLAIN LOGIN'],
    ],
  );
});
