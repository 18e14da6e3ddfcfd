import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMessage } from './analyze.ts';
import { limits, message } from './mime-test-kit.ts';
import { decodePartTable } from './part-table.ts';

const raw = message(
  'Received: from a by b; Fri, 21 Nov 1997 09:55:06 -0600',
  'Date: Fri, 21 Nov 1997 23:55:06 -0600',
  'From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>',
  'Reply-To: office@example.org',
  'To: Team: ann@example.org, bob@example.org;',
  'Cc: "Carl" <carl@example.org>',
  'Subject: Re: [list] =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
  ' von uns',
  'Message-ID: <3@example.org>',
  'In-Reply-To: <2@example.org>',
  'References: <1@example.org>',
  '\t<2@example.org>',
  'List-Id: "The list" <The.List.example.org>',
  'X-Priority: 1 (Highest)',
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  'Content-Type: multipart/related; boundary=r',
  '',
  '--r',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p>Sch\xc3\xb6ne Gr\xc3\xbc\xc3\x9fe</p>',
  '--r',
  'Content-Type: image/png',
  'Content-ID: <logo>',
  'Content-Disposition: inline; filename=logo.png',
  'Content-Transfer-Encoding: base64',
  '',
  'iVBORw0KGgo=',
  '--r--',
  '--m',
  'Content-Type: application/pdf; name=a.pdf',
  'Content-Disposition: attachment; filename=a.pdf',
  'Content-Transfer-Encoding: base64',
  '',
  'JVBERi0x',
  '--m--',
);

test('everything that is kept of a message', () => {
  const { envelope, body, bodyStructure, parts, segments, ...rest } = analyzeMessage(raw);
  assert.ok(
    envelope
      .toString('latin1')
      .startsWith(
        '("Fri, 21 Nov 1997 23:55:06 -0600" "Re: [list] =?utf-8?q?Gr=C3=BC=C3=9Fe?= von uns" (("=?utf-8?q?J=C3=B6rg?=" NIL',
      ),
  );
  assert.ok(bodyStructure.length > body.length);
  assert.equal(decodePartTable(parts).children.length, 2);
  assert.deepEqual(segments, [{ kind: 'inline', start: 0, end: raw.length }]);
  const header = raw.indexOf('\r\n\r\n') + 4;
  assert.equal(rest.text.header.split('\n').length, 13);
  assert.deepEqual(
    { ...rest, text: { ...rest.text, header: '' } },
    {
      sizeBytes: raw.length,
      headerBytes: header,
      messageId: '<3@example.org>',
      inReplyTo: ['<2@example.org>'],
      references: ['<1@example.org>', '<2@example.org>'],
      subject: 'Re: [list] Grüße von uns',
      baseSubject: 'Grüße von uns',
      subjectIsReply: true,
      from: [{ name: 'Jörg', address: 'joerg@example.org' }],
      sender: [],
      replyTo: [{ name: '', address: 'office@example.org' }],
      to: [
        { name: '', address: 'ann@example.org' },
        { name: '', address: 'bob@example.org' },
      ],
      cc: [{ name: 'Carl', address: 'carl@example.org' }],
      bcc: [],
      sentDate: { epochMs: Date.UTC(1997, 10, 22, 5, 55, 6), day: 19971121 },
      sort: {
        subject: 'GRU\u0308ßE VON UNS',
        from: 'JOERG',
        to: 'TEAM',
        cc: 'CARL',
        displayFrom: 'JO\u0308RG',
        displayTo: 'TEAM',
      },
      text: { header: '', body: 'SCHO\u0308NE GRU\u0308ßE\nLOGO.PNG\nA.PDF', headerTruncated: false, bodyTruncated: false },
      preview: 'Schöne Grüße',
      hasAttachments: true,
      attachments: [
        {
          section: '1.2',
          contentType: 'image/png',
          filename: 'logo.png',
          disposition: 'inline',
          contentId: 'logo',
          sizeBytes: 8,
          related: true,
        },
        {
          section: '2',
          contentType: 'application/pdf',
          filename: 'a.pdf',
          disposition: 'attachment',
          contentId: '',
          sizeBytes: 6,
          related: false,
        },
      ],
      listId: 'the.list.example.org',
      importance: 'high',
      limited: false,
    },
  );
});

test('a message that says nothing', () => {
  const { envelope, sentDate, hasAttachments, preview, messageId, importance, listId } = analyzeMessage(Buffer.alloc(0));
  assert.equal(envelope.toString(), '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)');
  assert.deepEqual(
    { sentDate, hasAttachments, preview, messageId, importance, listId },
    { sentDate: undefined, hasAttachments: false, preview: '', messageId: undefined, importance: 'normal', listId: '' },
  );
});

test('what counts as an attachment', () => {
  const has = (...part: string[]): boolean =>
    analyzeMessage(message('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'text', '--b', ...part, '--b--'))
      .hasAttachments;
  assert.deepEqual(
    [
      has('Content-Type: text/plain', '', 'x'),
      has('Content-Type: text/plain; name=x.txt', '', 'x'),
      has('Content-Type: text/plain', 'Content-Disposition: attachment', '', 'x'),
      has('Content-Type: image/png', '', 'x'),
      has('Content-Type: message/rfc822', '', 'A: b', '', 'x'),
      has('Content-Type: message/delivery-status', '', 'A: b'),
      has('Content-Type: application/pgp-signature; name=signature.asc', '', 'x'),
    ],
    [false, true, true, true, true, false, false],
  );
});

test('limits are told', () => {
  assert.equal(analyzeMessage(raw, limits({ maxParts: 2 })).limited, true);
  assert.equal(analyzeMessage(raw, limits({ maxTextChars: 5 })).limited, true);
  assert.equal(analyzeMessage(raw, limits({ maxWireBytes: 300 })).limited, true);
  const short = analyzeMessage(raw, limits({ maxWireBytes: 300 }));
  assert.match(short.bodyStructure.toString(), /^\("application" "octet-stream" NIL NIL NIL "binary" \d+ NIL NIL NIL NIL\)$/);
});
