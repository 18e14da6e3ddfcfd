import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verificationOf } from './verification.ts';

const RECEIVED =
  'from mx.example.org ([192.0.2.1])\r\n\t(TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n\tby mail.example.test with ESMTPS id 1f for <a@example.test>;\r\n\tTue, 1 Jan 2030 00:00:00 +0000';
const RESULTS =
  'mail.example.test;\r\n dkim=fail header.i=@other.example header.s=x;\r\n dkim=pass header.i=@Example.org header.s=s1 header.b=abc;\r\n spf=pass (mail.example.test: domain of bounce@list.example.org designates 192.0.2.1 as permitted sender) smtp.mailfrom=bounce@list.example.org smtp.helo=mx.example.org;\r\n dmarc=pass (p=REJECT) header.from=example.org';

test('what came by SMTP shows how it came and what passed', () => {
  assert.deepEqual(
    verificationOf({ received: [RECEIVED, 'from elsewhere'], 'authentication-results': RESULTS }, 'mail.example.test'),
    {
      tls: { name: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' },
      spf: 'list.example.org',
      dkim: 'example.org',
    },
  );
});

test('what others say is not believed', () => {
  const nothing = { tls: false, spf: false, dkim: false };
  const plain = RECEIVED.replace('(TLSv1.3 TLS_AES_256_GCM_SHA384)', '').replace('ESMTPS', 'LMTP');
  assert.deepEqual(verificationOf({ received: plain, 'authentication-results': RESULTS }, 'mail.example.test'), nothing);
  const foreign = {
    received: plain.replace('LMTP', 'ESMTP'),
    'authentication-results': ['mx.elsewhere.test; dkim=pass header.d=x.test', RESULTS],
  };
  assert.deepEqual(verificationOf(foreign, 'mail.example.test'), nothing);
  assert.equal(verificationOf({ received: RECEIVED, 'authentication-results': RESULTS }, 'other.test'), undefined);
  assert.equal(verificationOf({}, 'mail.example.test'), undefined);
});
