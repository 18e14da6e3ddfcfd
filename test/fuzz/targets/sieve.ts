/** Sieve: a script compiles or is refused with a line; what compiles runs within its limits on any message, and answers. */
import { compileScript, type Script } from '../../../server/sieve/binder.ts';
import { SieveFault } from '../../../server/sieve/fault.ts';
import { SieveMessage } from '../../../server/sieve/message.ts';
import { runScript } from '../../../server/sieve/run.ts';
import { mutate } from '../random.ts';
import { FuzzFailure, type FuzzTarget } from '../target.ts';

const REQUIRES =
  'require ["fileinto","reject","envelope","vacation","subaddress","relational","imap4flags","copy","variables","body","date","index","editheader","duplicate","mailbox","environment","encoded-character"];\r\n';
const SCRIPTS = [
  'if header :matches ["subject","to"] "*a?b*" { fileinto :copy "${1}"; } elsif size :over 10K { discard; } else { keep; }\r\n',
  'if allof (not address :detail :contains "to" "", envelope :domain "from" ["a","b"]) { redirect "a@b.test"; stop; }\r\n',
  'set :upper :quotewildcard "n" "${1}*"; if string :value "ge" "${n}" "3" { addflag "x" "\\\\Seen a"; }\r\n',
  'vacation :days 3 :subject "s" :addresses ["a@b.test"] text:\r\nhello\r\n..dot\r\n.\r\n;\r\n',
  'if body :content "text" :matches "*e*e*e*" { addheader :last "X-A" "${1}"; deleteheader :index 1 :last "Received"; }\r\n',
  'if anyof (date :zone "+0100" "date" "hour" "09", currentdate "weekday" "0", duplicate :handle "h" :seconds 9) { reject "no"; }\r\n',
];
const MESSAGES = [
  'Subject: =?utf-8?Q?a=20b?= a b\r\nTo: "x" <a+b@c.test>, d@e.test\r\nDate: Tue, 1 Apr 1997 09:06:31 -0800\r\n\r\neee\r\n',
  'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>e</b>\r\n--x--\r\n',
  '',
];
const SPICE = [
  '"',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  ';',
  ':',
  ',',
  '\\',
  '${',
  '*',
  '?',
  '\r\n',
  '.',
  'text:\r\n',
  '/*',
  '#',
  '\0',
  '9K',
  'ü',
];

export const sieve: FuzzTarget = {
  name: 'sieve',
  open: () =>
    Promise.resolve({
      round: async (random) => {
        const text = mutate(random, REQUIRES + random.pick(SCRIPTS) + random.pick(SCRIPTS), SPICE);
        let script: Script;
        try {
          script = compileScript(text);
        } catch (error) {
          if (error instanceof SieveFault && error.line >= 1 && error.message !== '') return;
          throw new FuzzFailure('a wrong script is no SieveFault', text, { cause: error });
        }
        const raw = mutate(random, random.pick(MESSAGES), SPICE);
        const message = new SieveMessage(Buffer.from(raw));
        const { actions, problem } = await runScript(script, message, {
          envelopeFrom: 'a@b.test',
          envelopeTo: 'c+d@e.test',
          now: new Date(0),
          mailboxExists: async () => random.next() < 0.5,
          isMarked: async () => random.next() < 0.5,
          spamScore: undefined,
          items: new Map(),
          limits: { maxSteps: 200_000, maxRedirects: 2, maxActions: 8 },
        });
        if (problem !== undefined && actions.length > 0) throw new FuzzFailure('a failed run has actions', `${text}\0${raw}`);
        // An edited message is one that can be read again, with the same body.
        for (const action of actions) {
          const bytes = 'fields' in action ? message.bytesWith(action.fields) : undefined;
          if (bytes !== undefined && new SieveMessage(bytes).fields.length === 0 && raw !== '' && bytes.length > raw.length)
            throw new FuzzFailure('an edited header can’t be read', `${text}\0${raw}`);
        }
      },
      close: () => Promise.resolve(),
    }),
};
