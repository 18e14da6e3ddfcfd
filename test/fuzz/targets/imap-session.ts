/** A real IMAP service: every state, every command, mutated. It must answer each line with a tagged reply or BYE, stay up, and never meet an error of its own. */
import net from 'node:net';
import { createLogger } from '../../../server/base/log.ts';
import { commandSpecs } from '../../../server/protocol/imap/registry.ts';
import { PASSWORD, startImap } from '../../harness/imap.ts';
import { type Random, chunked, mutate } from '../random.ts';
import { FuzzFailure, type FuzzTarget } from '../target.ts';

const ARGUMENTS = [
  '',
  ' INBOX',
  ' "Sent"',
  ' 1:* (FLAGS UID BODY.PEEK[HEADER.FIELDS (Subject)])',
  ' 1 BODY[1.2.MIME]<3.9>',
  ' 1:* (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen kw)',
  ' 1,3:2,* Archive',
  ' "" "*"',
  ' (SUBSCRIBED) "" ("%" "a/*") RETURN (CHILDREN STATUS (MESSAGES))',
  ' RETURN (MIN MAX COUNT) OR SUBJECT x NOT (SEEN 1:3 LARGER 1)',
  ' CHARSET UTF-8 TEXT {3+}\r\nabc',
  ' (REVERSE DATE) UTF-8 ALL',
  ' REFERENCES UTF-8 ALL',
  ' INBOX (MESSAGES UIDNEXT HIGHESTMODSEQ SIZE)',
  ' INBOX (\\Flagged) "17-Jul-1996 02:44:25 -0700" {20+}\r\nSubject: x\r\n\r\nbody\r\n',
  ' INBOX (QRESYNC (1 1 1:9))',
  ' CONDSTORE UTF8=ACCEPT',
  ' PLAIN AHgAeQ==',
  ' NIL',
  ' ("name" "fuzz" "x" NIL)',
  ' a b c d',
  ' SET STATUS (SELECTED (MessageNew (UID FLAGS) MessageExpunge FlagChange)) (personal (MailboxName MailboxMetadataChange))',
  ' RETURN (UPDATE (UID FLAGS) COUNT) (REVERSE SIZE) UTF-8 ALL',
  ' RETURN (UPDATE CONTEXT PARTIAL 1:2) UNSEEN',
  ' "" (STORAGE 10 MESSAGE 10)',
  ' 1 INBOX {20+}\r\nSubject: x\r\n\r\nbody\r\n',
  ' "" (/private/comment "x" /shared/comment NIL)',
  ' IN (personal subtree-one "") RETURN (ALL COUNT) ALL',
  ' OAUTHBEARER bixhPXgsAWF1dGg9QmVhcmVyIHRva2VuAQE=',
] as const;

const ENABLED = [
  'QRESYNC',
  'UIDONLY',
  'IMAP4rev2',
  'UTF8=ACCEPT QRESYNC',
  'METADATA',
  'QRESYNC IMAP4rev2 UTF8=ACCEPT METADATA UIDONLY',
] as const;

/** Conversations at a time; most of one is waiting. */
const LANES = 16;
const SILENCE_MS = 150;

const SPICE = [
  '(',
  ')',
  '"',
  '\\',
  '{3+}\r\n',
  '{99999}\r\n',
  '~{0+}\r\n',
  '[',
  ']',
  '<',
  ' ',
  '\r\n',
  '\0',
  '\xff',
  '*',
  ':',
  ',',
  '$',
  'NIL',
  'NOT ',
  '%',
  '4294967296',
  '-1',
];

export const imapSession: FuzzTarget = {
  name: 'imap-session',
  open: async () => {
    const errors: string[] = [];
    const service = await startImap({ log: createLogger('error', {}, (line) => errors.push(line)) });
    const names = commandSpecs.flatMap((spec) => spec.names).filter((name) => name !== 'LOGOUT');
    const { user, name } = await service.createUser();
    const inbox = await service.ops.mailboxes.inboxOf(user);
    for (let n = 0; n < 4; n += 1) {
      const stored = await service.ops.contents.store(Buffer.from(`Subject: ${n}\r\n\r\nbody ${n}\r\n`));
      await service.ops.messages.append(user, inbox, [{ stored, flags: [], internalDateMs: n }]);
    }
    return {
      round: async (random) => {
        const scripts = Array.from({ length: LANES }, () => script(random, names, name));
        const answers = await Promise.all(scripts.map((lines) => talk(random, service.port, lines)));
        const all = scripts.map((lines) => lines.join('')).join('\n---\n');
        if (errors.length > 0) throw new FuzzFailure(`the server met an error: ${errors.splice(0).join('\n')}`, all);
        for (const [lane, answer] of answers.entries()) {
          const input = scripts[lane]?.join('') ?? '';
          if (answer === undefined) throw new FuzzFailure('no answer in time', input);
          if (/SERVERBUG/.test(answer)) throw new FuzzFailure('SERVERBUG', input);
        }
      },
      close: service.close,
    };
  },
};

function script(random: Random, names: readonly string[], user: string): string[] {
  const lines: string[] = [];
  const state = random.below(3);
  if (state >= 1) lines.push(`l LOGIN ${user} ${PASSWORD}\r\n`);
  if (state >= 1 && random.next() < 0.4) lines.push(`e ENABLE ${random.pick(ENABLED)}\r\n`);
  if (state === 2) lines.push(`s ${random.pick(['SELECT', 'EXAMINE'])} INBOX\r\n`);
  for (let n = 0; n < 6; n += 1) {
    const line = `${n} ${random.pick(names)}${random.pick(ARGUMENTS)}\r\n`;
    lines.push(random.next() < 0.7 ? mutate(random, line, SPICE) : line);
  }
  return lines;
}

/** Sends the lines in pieces, ends every open question (literal, IDLE, SASL) and logs out; answers what came back, undefined when it hung. */
async function talk(random: Random, port: number, lines: readonly string[]): Promise<string | undefined> {
  const socket = net.connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  let answer = '';
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(undefined);
    }, 10_000);
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
      if (answer.length > 5_000_000) socket.destroy();
    });
    socket.on('error', () => {}); // a closed connection is an answer
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
    const end = ['DONE\r\n', '*\r\n', '\r\n', 'x'.repeat(200), '\r\nz1 NOOP\r\n', 'z2 LOGOUT\r\n'];
    for (const line of [...lines, ...end]) for (const piece of chunked(random, Buffer.from(line, 'latin1'))) socket.write(piece);
    // A literal that was accepted may wait for more octets than we have: after a silence, leave as a client does that vanishes.
    let silence = setTimeout(() => socket.end(), SILENCE_MS);
    socket.on('data', () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.end(), SILENCE_MS);
    });
    socket.on('close', () => clearTimeout(silence));
  });
}
