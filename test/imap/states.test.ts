/** Every command in every state: it is answered as its state allows, with arguments that fit, with none and with nonsense; no error of the server's own comes to light. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createLogger } from '../../server/base/log.ts';
import { commandSpecs } from '../../server/protocol/imap/registry.ts';
import type { SessionState } from '../../server/protocol/imap/session.ts';
import { RawImapClient } from '../harness/imap-client.ts';
import { type ImapTestService, PASSWORD, startImap } from '../harness/imap.ts';

/** Arguments of which the command can make sense, in one session after the other. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  APPEND: ' INBOX {3+}\r\nabc',
  AUTHENTICATE: ' PLAIN =',
  CANCELUPDATE: ' "x"',
  COMPRESS: ' LZMA',
  COPY: ' 1 Archive',
  CREATE: ' made',
  DELETE: ' nowhere',
  DELETEACL: ' INBOX anyone',
  ENABLE: ' CONDSTORE',
  ESEARCH: ' IN (personal) ALL',
  EXAMINE: ' INBOX',
  FETCH: ' 1:* (FLAGS UID ENVELOPE)',
  GETACL: ' INBOX',
  GETMETADATA: ' INBOX /private/comment',
  GETQUOTA: ' ""',
  GETQUOTAROOT: ' INBOX',
  ID: ' NIL',
  LIST: ' "" "*"',
  LISTRIGHTS: ' INBOX anyone',
  LOGIN: ' nobody wrong',
  LSUB: ' "" "*"',
  MOVE: ' 1 Archive',
  MYRIGHTS: ' INBOX',
  NOTIFY: ' NONE',
  RENAME: ' nowhere elsewhere',
  REPLACE: ' 1 INBOX {3+}\r\nabc',
  SEARCH: ' ALL',
  SELECT: ' INBOX',
  SETACL: ' INBOX anyone l',
  SETMETADATA: ' INBOX (/private/comment "x")',
  SETQUOTA: ' "" (STORAGE 1)',
  SORT: ' (DATE) UTF-8 ALL',
  STATUS: ' INBOX (MESSAGES)',
  STORE: ' 1 +FLAGS (\\Seen)',
  SUBSCRIBE: ' INBOX',
  THREAD: ' REFERENCES UTF-8 ALL',
  UNSUBSCRIBE: ' Sent',
};
const NONSENSE = ' ((({}[<"\\';

/** How a session comes into each state, and what the state is for the specs. */
const STATES: Readonly<Record<string, { readonly steps: readonly string[]; readonly state: SessionState }>> = {
  'not authenticated': { steps: [], state: 'not-authenticated' },
  authenticated: { steps: ['LOGIN'], state: 'authenticated' },
  selected: { steps: ['LOGIN', 'SELECT INBOX'], state: 'selected' },
  examined: { steps: ['LOGIN', 'EXAMINE INBOX'], state: 'selected' },
  'selected, everything enabled': {
    steps: ['LOGIN', 'ENABLE QRESYNC IMAP4rev2 UTF8=ACCEPT METADATA UIDONLY', 'SELECT INBOX'],
    state: 'selected',
  },
  'selected, watching': {
    steps: [
      'LOGIN',
      'SELECT INBOX',
      'NOTIFY SET (SELECTED (MessageNew (UID FLAGS) MessageExpunge FlagChange)) (personal (MailboxName))',
    ],
    state: 'selected',
  },
  'authenticated again': { steps: ['LOGIN', 'SELECT INBOX', 'UNAUTHENTICATE', 'LOGIN'], state: 'authenticated' },
};

/** These change what the connection is, or wait for more. */
const APART: ReadonlySet<string> = new Set(['LOGOUT', 'STARTTLS', 'IDLE', 'UNAUTHENTICATE']);

describe('every command in every state', () => {
  const errors: string[] = [];
  let service: ImapTestService;
  before(async () => {
    const log = createLogger('error', {}, (line) => errors.push(line));
    const settings = { failureDelayMs: 1, maxBadCommands: 1_000, maxCommandsBeforeLogin: 1_000, maxFailuresPerConnection: 1_000 };
    service = await startImap({ settings, log });
  });
  after(() => service.close());

  for (const [title, { steps, state }] of Object.entries(STATES)) {
    test(title, async () => {
      const { user, name } = await service.createUser();
      const inbox = await service.ops.mailboxes.inboxOf(user);
      for (let n = 0; n < 3; n += 1) {
        const stored = await service.ops.contents.store(Buffer.from(`Subject: ${n}\r\n\r\nbody ${n}\r\n`));
        await service.ops.messages.append(user, inbox, [{ stored, flags: [], internalDateMs: n }]);
      }
      const enter = async (): Promise<RawImapClient> => {
        const client = await RawImapClient.open(service.port);
        for (const step of steps) await client.ok(step === 'LOGIN' ? `LOGIN ${name} ${PASSWORD}` : step);
        return client;
      };
      for (const spec of commandSpecs) {
        for (const command of spec.names) {
          if (APART.has(command)) continue;
          const fitting = ARGUMENTS[command.replace(/^UID /, '')] ?? (command === 'UID EXPUNGE' ? ' 1' : '');
          const client = await enter();
          for (const args of fitting === '' ? [NONSENSE, ''] : [NONSENSE, ' ', fitting]) {
            const status = await client.status(command + args);
            assert.match(status, /^(OK|NO|BAD)\b/, command + args);
            assert.doesNotMatch(status, /SERVERBUG/, command + args);
            if (args === NONSENSE) assert.match(status, /^BAD/, command + args);
            if (!spec.states.includes(state)) assert.match(status, /^BAD/, `${command} is not for this state`);
            else if (args === fitting) assert.doesNotMatch(status, /^BAD \[CLIENTBUG\]/, `${command} is for this state`);
          }
          await client.close();
        }
      }
      assert.deepEqual(errors, []);
    });
  }
});
