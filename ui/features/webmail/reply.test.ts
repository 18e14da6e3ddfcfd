import { expect, test } from 'vitest';
import type { Message } from './api.ts';
import { draftOf, forwardOf, quoted, replyTo, tryAddress } from './reply.ts';

const words = { wrote: 'Anna wrote:', forwarded: 'Forwarded', from: 'From', date: 'Date', subject: 'Subject', to: 'To' };
const anna = { name: 'Anna', address: 'anna@example.org' };
const ben = { name: 'Ben', address: 'ben@example.org' };
const me = { name: 'Me', address: 'Me@Example.org' };
const message: Message = {
  id: 3,
  mailbox: 'm',
  from: anna,
  to: [me, ben],
  cc: [{ name: '', address: 'carl@example.org' }, anna],
  subject: 'Lunch',
  date: '2026-05-03T10:00:00.000Z',
  text: 'At noon?\n\n> earlier\n',
  seen: true,
  flagged: false,
  draft: false,
  answered: false,
  forwarded: false,
};
const own = ['me@example.org'];

test('a reply goes to the sender or to Reply-To, one to all also to the others, never to oneself', () => {
  expect(replyTo(message, own, false, words)).toMatchObject({ to: [anna], cc: [], subject: 'Re: Lunch' });
  expect(replyTo(message, own, true, words)).toMatchObject({ to: [anna], cc: [ben, { address: 'carl@example.org' }] });
  expect(replyTo({ ...message, replyTo: [ben] }, own, false, words).to).toEqual([ben]);
  expect(replyTo({ ...message, subject: 'AW: Lunch' }, own, false, words).subject).toBe('AW: Lunch');
});

test('an answer to what one has sent goes on to whom it was sent', () => {
  expect(replyTo({ ...message, from: me, to: [ben] }, own, false, words).to).toEqual([ben]);
  expect(replyTo({ ...message, from: me, to: [ben] }, own, true, words).cc).toHaveLength(2);
});

test('quoting and forwarding', () => {
  expect(replyTo(message, own, false, words).text).toBe('\n\nAnna wrote:\n> At noon?\n>\n>> earlier\n');
  expect(quoted('a\n')).toBe('> a');
  const forward = forwardOf(message, words);
  expect(forward).toMatchObject({ subject: 'Fwd: Lunch', to: [], kind: 'forward' });
  expect(forward.text).toContain(
    'From: Anna <anna@example.org>\nDate: Sun, 03 May 2026 10:00:00 GMT\nSubject: Lunch\nTo: Me <Me@Example.org>',
  );
  expect(draftOf(message)).toMatchObject({ to: [me, ben], text: message.text, subject: 'Lunch' });
});

test('what people type as an address', () => {
  expect(tryAddress(' Anna Berg <anna@example.org> ')).toEqual({ name: 'Anna Berg', address: 'anna@example.org' });
  expect(tryAddress('"Berg, Anna" <anna@example.org>')).toEqual({ name: 'Berg, Anna', address: 'anna@example.org' });
  expect(tryAddress('anna@example.org')).toEqual({ name: '', address: 'anna@example.org' });
  for (const wrong of ['anna', 'a b@example.org', '', 'x@', '<>']) expect(tryAddress(wrong)).toBeUndefined();
});
