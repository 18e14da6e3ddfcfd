import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { BsonError, decodeBson, encodeBson, type BsonDocument } from './bson.ts';
import { checkServerSignature, scramFinal, scramFirst, ScramError } from './scram.ts';

const scalar = fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
const key = fc
  .string({ minLength: 1 })
  .filter((text) => !text.includes('\0') && text !== '__proto__' && text !== '$ref' && text !== '$id' && !/^\d+$/.test(text));
const document = fc.letrec<{ value: unknown; document: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 4 }), tie('document')),
  document: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
})).document;

test('BSON: the bytes are the official library’s, and back', () => {
  fc.assert(
    fc.property(document, (value) => {
      const bytes = encodeBson(value as BsonDocument);
      assert.deepEqual(bytes, Buffer.from(BSON.serialize(value)));
      assert.deepEqual(decodeBson(bytes), BSON.deserialize(bytes));
    }),
  );
  const long = encodeBson({ n: 2n ** 62n, small: 5n, bytes: Buffer.from('ab') });
  assert.deepEqual({ ...decodeBson(long), bytes: 'ab' }, { n: 2n ** 62n, small: 5, bytes: 'ab' });
});

test('BSON: damaged bytes are an error of ours', () => {
  const good = encodeBson({ a: { b: ['x', 1] }, c: 'text' });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
      const bad = Buffer.from(good);
      bad[at] = byte;
      try {
        decodeBson(bad.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof BsonError, String(error));
      }
    }),
  );
});

test('SCRAM-SHA-256: the example of RFC 7677 §3', () => {
  const first = scramFirst('user', 'rOprNGfwEbeRWgbNEkqO');
  assert.equal(first.message, 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  const final = scramFinal(first, serverFirst, 'pencil');
  assert.equal(
    final.message,
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  );
  checkServerSignature(final, 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  assert.throws(() => checkServerSignature(final, 'v=AAAA'), ScramError);
  assert.throws(() => checkServerSignature(final, 'e=invalid-proof'), ScramError);
  assert.throws(() => scramFinal(first, 'r=other,s=W22Z,i=4096', 'pencil'), ScramError);
  assert.throws(() => scramFinal(first, serverFirst.replace('4096', '1'), 'pencil'), ScramError);
});
