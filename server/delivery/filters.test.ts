import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMessage } from '../mime/analyze.ts';
import type { FilterAction, FilterQuery } from '../store/types-flow.ts';
import { applyFilters, factsOf, fits } from './filters.ts';

const message = analyzeMessage(
  Buffer.from(
    [
      'From: =?utf-8?Q?J=C3=B6rg?= <joerg@there.test>',
      'To: Team <team@mail.test>, b@mail.test',
      'Cc: c@mail.test',
      'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= aus Wien',
      'List-Id: News <news.there.test>',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Straßenbahn und Melange',
      '',
    ].join('\r\n'),
  ),
);
const facts = factsOf(message, 4.5);

test('what fits', () => {
  const table: readonly (readonly [FilterQuery, boolean])[] = [
    [{}, true],
    [{ from: 'JÖRG' }, true],
    [{ from: '<joerg@there.test>' }, true],
    [{ from: 'joerg@else.test' }, false],
    [{ to: 'team@' }, true],
    [{ to: 'C@MAIL.test' }, true],
    [{ subject: 'grüße' }, true],
    [{ subject: '' }, true],
    [{ listId: 'news.there' }, true],
    [{ text: 'melange' }, true],
    [{ text: 'tea' }, false],
    [{ ha: false }, true],
    [{ ha: true }, false],
    [{ size: 100 }, true],
    [{ size: 100_000 }, false],
    [{ size: -100_000 }, true],
    [{ size: -100 }, false],
    [{ minSpamScore: 4 }, true],
    [{ minSpamScore: 5 }, false],
    [{ from: 'jörg', text: 'tea' }, false],
  ];
  for (const [query, expected] of table) assert.equal(fits(query, facts), expected, JSON.stringify(query));
  assert.equal(fits({ minSpamScore: 0 }, factsOf(message)), false, 'no score, no match');
});

test('what all fitting filters come to', () => {
  const of = (...actions: readonly FilterAction[]): object => {
    const filters = actions.map((action, index) => ({ id: String(index), name: '', query: {}, action }));
    const { fitting, ...outcome } = applyFilters(filters, facts);
    return { ...outcome, fitting: fitting.length };
  };
  const nothing = { flags: [], discard: false, reject: undefined, spam: undefined, mailbox: undefined, targets: [], fitting: 1 };
  const target = { type: 'mail', value: 'x@y.test' } as const;
  assert.deepEqual(of({}), nothing);
  assert.deepEqual(of({ seen: true, flag: true, keyword: 'k' }, { seen: true }), {
    ...nothing,
    flags: ['\\Seen', '\\Flagged', 'k'],
    fitting: 2,
  });
  assert.deepEqual(of({ mailbox: 'a', spam: true }, { mailbox: 'b', spam: false }), {
    ...nothing,
    mailbox: 'b',
    spam: false,
    fitting: 2,
  });
  assert.deepEqual(of({ targets: [target], stop: true }, { delete: true }), { ...nothing, targets: [target] });
  assert.deepEqual(of({ targets: [target] }, { targets: [target], delete: true }), {
    ...nothing,
    targets: [target],
    discard: true,
    fitting: 2,
  });
});
