import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused, unavailable } from '../../base/fault.ts';
import { asFetchFault, FetchFault } from './failure.ts';
import { Pop3SyntaxFault } from './pop3/wire/responses.ts';

const network = (code: string, more: object = {}): Error => Object.assign(new Error(`it says ${code}`), { code, ...more });

test('what clients and the network throw, in words for people', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [network('ENOTFOUND'), 'dns'],
    [network('EAI_AGAIN'), 'dns'],
    [network('ECONNREFUSED'), 'connection'],
    [network('ECONNRESET'), 'connection'],
    [network('NoConnection'), 'connection'],
    [network('ETIMEDOUT'), 'timeout'],
    [network('CONNECT_TIMEOUT'), 'timeout'],
    [network('GreetingTimeout'), 'timeout'],
    [network('DEPTH_ZERO_SELF_SIGNED_CERT'), 'certificate'],
    [network('ERR_TLS_CERT_ALTNAME_INVALID'), 'certificate'],
    [network('CERT_HAS_EXPIRED'), 'certificate'],
    [network('ERR_SSL_WRONG_VERSION_NUMBER'), 'tls'],
    [network('EPROTO'), 'tls'],
    [network('', { authenticationFailed: true, responseText: 'no' }), 'signIn'],
    [network('', { responseText: 'no such mailbox' }), 'refused'],
    [new Pop3SyntaxFault('odd'), 'refused'],
    [refused('OVERQUOTA', 'full'), 'full'],
    [unavailable('away'), 'busy'],
    ['text', 'failed'],
  ];
  assert.deepEqual(
    cases.map(([error]) => asFetchFault(error).code),
    cases.map(([, code]) => code),
  );
  assert.equal(
    asFetchFault(network('', { authenticationFailed: true, responseText: 'a\r\nb' })).message,
    'The sign-in was refused: a b',
  );
  const fault = new FetchFault('self', 'x');
  assert.equal(asFetchFault(fault), fault);
});
