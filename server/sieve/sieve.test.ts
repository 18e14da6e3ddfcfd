/** Scripts of the RFCs and their kin, as tables: what comes of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf, MESSAGE, outcomeOf, type RunOptions } from './sieve-test-kit.ts';

type Row = readonly [script: string, expected: string, options?: RunOptions];

function table(name: string, rows: readonly Row[]): void {
  test(name, async () => {
    const found: [string, string][] = [];
    for (const [script, , options] of rows) found.push([script, await outcomeOf(script, options)]);
    assert.deepEqual(
      found,
      rows.map(([script, expected]) => [script, expected]),
    );
  });
}

const when = (condition: string, requires = ''): string =>
  `${requires === '' ? '' : `require [${requires}];`} if ${condition} { discard; }`;
const YES = '';
const NO = 'keep';

table('actions of RFC 5228', [
  ['', 'keep'],
  ['keep;', 'keep'],
  ['discard;', ''],
  ['discard; keep;', 'keep'],
  ['redirect "bart@example.com";', 'redirect bart@example.com'],
  ['redirect "bart@example.com"; redirect "BART@example.com"; keep;', 'redirect bart@example.com, keep'],
  ['require "fileinto"; if header :contains "from" "coyote" { fileinto "INBOX.harassment"; }', 'fileinto INBOX.harassment'],
  ['require "fileinto"; fileinto "a"; fileinto "b"; fileinto "a";', 'fileinto a, fileinto b'],
  ['if true { discard; stop; } keep;', ''],
  ['if false { discard; } elsif true { stop; } else { redirect "a@b.example"; }', 'keep'],
  ['if false { keep; } else { discard; }', ''],
  ['if true { discard; } elsif true { keep; } else { keep; }', ''],
  ['require ["fileinto", "copy"]; fileinto :copy "a"; redirect :copy "a@b.example";', 'fileinto a, redirect a@b.example, keep'],
  ['require "reject"; reject text:\r\nNo thanks.\r\n..dots\r\n.\r\n;', 'reject No thanks.\r\n.dots\r\n'],
  ['require "ereject"; ereject "no";', 'reject no'],
  ['# a\r\n/* b ; */ keep /* c */ ; # d', 'keep'],
]);

table('tests of RFC 5228', [
  [when('address :is :all "from" "coyote@desert.example.org"'), YES],
  [when('address :domain :is ["From", "To"] "acme.example.com"'), YES],
  [when('address :localpart "from" "COYOTE"'), YES],
  [when('address :comparator "i;octet" :localpart "from" "COYOTE"'), NO],
  [when('address :all :matches "to" "*@example.org"'), YES],
  [when('address "sender" "x"'), NO],
  [when('envelope :all :is "from" "coyote@desert.example.org"', '"envelope"'), YES],
  [when('envelope "from" ""', '"envelope"'), YES, { envelopeFrom: '' }],
  [when('header :is "X-Caffeine" [""]'), NO],
  [when('header :contains "X-Caffeine" [""]'), YES],
  [when('header :contains "X-Caffeine" []'), NO],
  [when('header :is "subject" "i have a PRÄSENT for you"'), NO],
  [when('header :is "subject" "I HAVE A Präsent FOR YOU"'), YES],
  [
    when('header :comparator "i;unicode-casemap" :is "subject" "i have a PRÄSENT for you"', '"comparator-i;unicode-casemap"'),
    YES,
  ],
  [when('header :matches "subject" "I have * for ???"'), YES],
  [when('header :matches "subject" "I have \\\\* for ???"'), NO],
  [when('exists ["From", "Date"]'), YES],
  [when('exists ["From", "X-Missing"]'), NO],
  [when('not exists "X-Missing"'), YES],
  [when('size :over 1M'), NO],
  [when('size :under 1k'), YES],
  [when('anyof (false, true)'), YES],
  [when('allof (true, not false, anyof (false, true))'), YES],
  [when('allof (true, false)'), NO],
  [when('header :contains "subject" "${unicode:50 72 e4}"', '"encoded-character"'), YES],
  [when('header :contains "subject" "${hex: 50 72 c3 a4}"', '"encoded-character"'), YES],
  [when('header :contains "subject" "${hex: 50}"'), NO],
]);

table('relational, subaddress, index, date', [
  [when('header :value "lt" :comparator "i;ascii-numeric" "priority" "3"', '"relational", "comparator-i;ascii-numeric"'), NO],
  [when('header :value "gt" :comparator "i;ascii-numeric" "priority" "3"', '"relational", "comparator-i;ascii-numeric"'), YES],
  [when('header :value "lt" "priority" "3"', '"relational"'), YES],
  [when('address :count "ge" :comparator "i;ascii-numeric" ["to", "cc"] "3"', '"relational", "comparator-i;ascii-numeric"'), YES],
  [when('address :count "gt" ["to", "cc"] "3"', '"relational"'), NO],
  [when('envelope :user "to" "ken"', '"envelope", "subaddress"'), YES],
  [when('envelope :detail "to" "sieve"', '"envelope", "subaddress"'), YES],
  [when('address :detail :contains "from" ""', '"subaddress"'), NO],
  [when('address :index 1 :domain "to" "acme.example.com"', '"index"'), YES],
  [when('header :index 1 :last :contains "received" "from a"', '"index"'), YES],
  [when('header :index 2 :contains "received" ""', '"index"'), NO],
  [when('date :originalzone "date" "hour" "09"', '"date"'), YES],
  [when('date :zone "+0000" "date" "iso8601" "1997-04-01T17:06:31+00:00"', '"date"'), YES],
  [when('date :zone "+0100" "received" "std11" "Tue, 01 Apr 1997 18:06:31 +0100"', '"date"'), YES],
  [when('date :originalzone "date" "zone" "-0800"', '"date"'), YES],
  [when('date "x-caffeine" "year" ""', '"date"'), NO],
  [when('currentdate :zone "+0000" "weekday" "2"', '"date"'), YES],
  [when('currentdate :value "ge" :zone "+0000" "date" "2026-11-24"', '"date", "relational"'), YES],
  [when('currentdate :zone "+0000" "julian" "61368"', '"date"'), YES],
]);

table('variables of RFC 5229', [
  ['require ["variables", "fileinto"]; set "name" "Joe"; fileinto "${NAME}/${missing}x${";', 'fileinto Joe/x${'],
  [
    'require ["variables", "fileinto"]; if header :matches "subject" "* have a * for *" { fileinto "${1}.${2}.${3}.${9}"; }',
    'fileinto I.Präsent.you.',
  ],
  [
    'require ["variables", "fileinto", "envelope"]; if envelope :matches "to" "*+*@*" { set :upperfirst :lower "box" "${2}"; fileinto "${box}"; }',
    'fileinto Sieve',
  ],
  ['require ["variables", "fileinto"]; set :length "n" "größe"; fileinto "${n}";', 'fileinto 5'],
  ['require ["variables", "fileinto"]; set :quotewildcard "n" "a*b?"; fileinto "${n}";', 'fileinto a\\*b\\?'],
  ['require ["variables"]; set "a" "x"; if string :is "${a}" "x" { discard; }', ''],
  ['require ["variables", "relational"]; if string :count "eq" ["", "b"] "1" { discard; }', ''],
  ['require ["fileinto"]; fileinto "${a}";', 'fileinto ${a}'],
]);

table('flags of RFC 5232', [
  ['require "imap4flags"; setflag "\\\\Seen"; addflag ["\\\\flagged", "work"]; removeflag "\\\\SEEN";', 'keep (\\Flagged work)'],
  ['require ["imap4flags", "fileinto"]; fileinto :flags "\\\\Deleted \\\\Seen" "a";', 'fileinto a (\\Deleted \\Seen)'],
  ['require ["imap4flags", "fileinto"]; addflag "a b"; keep :flags ""; fileinto "x";', 'keep, fileinto x (a b)'],
  ['require ["imap4flags", "variables"]; addflag "mine" ["\\\\Answered"]; keep :flags "${mine}";', 'keep (\\Answered)'],
  ['require ["imap4flags"]; addflag "one two"; if hasflag "TWO" { discard; }', ''],
  ['require ["imap4flags"]; addflag ["\\\\Recent", "a(b"];', 'keep'],
]);

table('body of RFC 5173', [
  [when('body :raw :contains "MAKE MONEY FAST"', '"body"'), YES],
  [when('body :contains "anvil"', '"body"'), YES],
  [when('body :content "text/plain" :contains "anvil"', '"body"'), YES],
  [when('body :content "image" :contains ""', '"body"'), NO],
  [
    when('body :text :contains "grüße"', '"body"'),
    YES,
    {
      message:
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<b>gr=FC=DFe</b>\r\n--x--\r\n',
    },
  ],
]);

table('vacation of RFC 5230', [
  ['require "vacation"; vacation "Gone.";', 'vacation 7 - Gone., keep'],
  [
    'require "vacation"; vacation :days 23 :subject "Away" :addresses ["a@b.example"] :handle "h" "Gone.";',
    'vacation 23 Away Gone., keep',
  ],
  ['require "vacation"; vacation :days 0 "x"; discard;', 'vacation 1 - x'],
  ['require ["vacation", "vacation-seconds"]; vacation :seconds 1800 "x";', `vacation ${1800 / 86_400} - x, keep`],
  ['require "vacation"; vacation "x"; vacation "y";', 'problem 1: vacation may be used once'],
]);

table('duplicate, mailbox, environment, spamtest', [
  ['require "duplicate"; if duplicate { discard; }', 'keep'],
  ['require "duplicate"; if duplicate :uniqueid "old" { discard; }', ''],
  ['require "duplicate"; if anyof (duplicate :header "x-caffeine", duplicate :header "X-CAFFEINE") { discard; }', 'keep'],
  [when('mailboxexists ["INBOX", "Known"]', '"mailbox"'), YES],
  [when('mailboxexists "Other"', '"mailbox"'), NO],
  ['require ["mailbox", "fileinto"]; fileinto :create "New";', 'fileinto New create'],
  [when('environment :contains "name" "mallard"', '"environment"'), YES],
  [when('environment :contains "nonsense" ""', '"environment"'), NO],
  [
    when('spamtest :value "ge" :comparator "i;ascii-numeric" "8"', '"spamtest", "relational", "comparator-i;ascii-numeric"'),
    YES,
    { spamScore: 0.8 },
  ],
  [when('spamtest "0"', '"spamtest"'), YES],
  [when('spamtest :percent "37"', '"spamtestplus"'), YES, { spamScore: 0.37 }],
]);

test('a header that is edited (RFC 5293)', async () => {
  const { SieveMessage } = await import('./message.ts');
  const { compileScript } = await import('./binder.ts');
  const { runScript } = await import('./run.ts');
  const { DEFAULT_SIEVE_LIMITS } = await import('./result.ts');
  const edit = async (script: string): Promise<string> => {
    const message = new SieveMessage(Buffer.from('Received: x\r\nA: one\r\nB: b\r\nA: two\r\n\r\nbody\r\n'));
    const { actions, problem } = await runScript(
      compileScript(`require ["editheader", "index", "fileinto"]; ${script}`),
      message,
      {
        envelopeFrom: '',
        envelopeTo: '',
        now: new Date(),
        mailboxExists: async () => false,
        isMarked: async () => false,
        spamScore: undefined,
        items: new Map(),
        limits: DEFAULT_SIEVE_LIMITS,
      },
    );
    assert.equal(problem, undefined);
    return actions
      .map((action) => ('fields' in action ? (message.bytesWith(action.fields)?.toString() ?? 'as it was') : ''))
      .join('|');
  };
  assert.deepEqual(
    [
      await edit('addheader "X-New" "a\r\nB: c";'),
      await edit('addheader :last "X-New" "ü";'),
      await edit('deleteheader "a";'),
      await edit('deleteheader :index 1 :last "A";'),
      await edit('deleteheader :contains "A" "ONE"; if header :contains "a" "one" { discard; }'),
      await edit('deleteheader "Received";'),
      await edit('fileinto "x"; deleteheader "B"; keep;'),
    ],
    [
      'X-New: a B: c\r\nReceived: x\r\nA: one\r\nB: b\r\nA: two\r\n\r\nbody\r\n',
      'Received: x\r\nA: one\r\nB: b\r\nA: two\r\nX-New: =?utf-8?B?w7w=?=\r\n\r\nbody\r\n',
      'Received: x\r\nB: b\r\n\r\nbody\r\n',
      'Received: x\r\nA: one\r\nB: b\r\n\r\nbody\r\n',
      'Received: x\r\nB: b\r\nA: two\r\n\r\nbody\r\n',
      'as it was',
      'as it was|Received: x\r\nA: one\r\nA: two\r\n\r\nbody\r\n',
    ],
  );
});

table('what goes wrong while a script runs keeps the message', [
  [
    'require "reject"; redirect "a@b.example";\r\nreject "no";',
    'problem 2: A message that is rejected can’t be kept, filed, redirected or answered as well',
  ],
  ['require "variables"; set "a" "";\r\nredirect "${a}";', 'problem 2:  is no address'],
  [
    'redirect "a@x.example"; redirect "b@x.example";',
    'problem 1: A message may be redirected 1 times at most',
    { limits: { maxSteps: 1e6, maxRedirects: 1, maxActions: 9 } },
  ],
  [
    'if header :matches "x" "*a*a*a*a*a*a*b" { discard; }',
    'problem 1: The script takes too long for this message',
    { message: `X: ${'a'.repeat(20_000)}\r\n\r\n`, limits: { maxSteps: 10_000, maxRedirects: 1, maxActions: 9 } },
  ],
]);

test('scripts that are wrong, with the line', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['keep', '1: After keep a semicolon is missing'],
    ['keep;\nfileinto "a";', '2: fileinto needs: require "fileinto";'],
    ['require "nonsense";', '1: This server does not have the extension "nonsense"'],
    ['keep;\nrequire "fileinto";', '2: require stands at the beginning of a script'],
    ['\n\nfrobnicate;', '3: There is no command frobnicate'],
    ['if frob { keep; }', '1: There is no test frob'],
    ['if true { keep; }\nelse { keep; }\nelse { keep; }', '3: else follows an if or elsif'],
    ['if header :is "a" { keep; }', '1: header wants 2 arguments'],
    ['if header :is :contains "a" "b" { keep; }', '1: header has :contains or another of its kind twice'],
    ['if header :foo "a" "b" { keep; }', '1: header has no :foo'],
    ['if header :value "zz" "a" "b" { keep; }', '1: :value needs: require "relational";'],
    ['require "relational"; if header :value "zz" "a" "b" { keep; }', '1: :value wants gt, ge, lt, le, eq or ne'],
    ['if header :comparator "i;foo" "a" "b" { keep; }', '1: There is no comparator i;foo'],
    ['if header "a b" "c" { keep; }', '1: "a b" is no name of a header field'],
    ['if size 5 { keep; }', '1: size wants :over or :under'],
    ['redirect "no address";', '1: no address is no address'],
    ['redirect ["a@b.example", "c@d.example"];', '1: redirect wants one text'],
    ['keep "a";', '1: keep wants no argument only'],
    ['if true { keep;', '1: The block of if does not end: } is missing'],
    ['keep; }', '1: } has nothing that it could end'],
    ['"a";', '1: A command is wanted here, not a text'],
    ['\n"a', '2: This text does not end'],
    ['/* a', '1: This comment does not end'],
    ['require "reject"; reject text:\nno end\n', '1: This text does not end: a line with a dot alone is missing'],
    ['redirect 99999999999999;', '1: The number 99999999999999 is too big'],
    ['keep;\n\n   @', '3: "@" has no meaning here'],
    ['if true true { keep; }', '1: true has no test'],
    ['if (true,', '1: The script ends too early'],
    [`${'if true {'.repeat(40)}${'}'.repeat(40)}`, '1: The script is nested too deeply'],
    [`#${'x'.repeat(140_000)}`, '1: The script is longer than 131072 octets'],
  ];
  assert.deepEqual(
    rows.map(([script]) => [script, faultOf(script)]),
    rows.map(([script, fault]) => [script, fault]),
  );
});

test('the message of the examples is read as it stands', async () => {
  assert.equal(await outcomeOf('if header :is "priority" "12" { discard; }', { message: MESSAGE.replaceAll('\r\n', '\n') }), '');
});
