/** The SMTP reader: any chunking of the same bytes gives the same commands and the same message bytes, and nothing but events. */
import { SmtpReader } from '../../../server/protocol/smtp/wire/reader.ts';
import { parseCommand, parsePathArgument } from '../../../server/protocol/smtp/wire/command.ts';
import { chunked, mutate } from '../random.ts';
import { FuzzFailure, type FuzzTarget } from '../target.ts';

const SEEDS = [
  'LHLO x\r\nMAIL FROM:<a@b> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<"q q"@x.test> NOTIFY=NEVER ORCPT=rfc822;a+2Bb\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n',
  'EHLO [127.0.0.1]\r\nMAIL FROM:<>\r\nRCPT TO:<@a,@b:c@d>\r\nDATA\r\nx\n.\ny\r.\r\nz\r\n.\r\nRSET\r\n',
];
const SPICE = ['\r\n', '\n', '\r', '.', '\r\n.\r\n', '\n.\n', '\r\n.\n', '<', '>', '@', '"', '\\', '+', '=', '\0', '\xff', ' '];

export const smtpWire: FuzzTarget = {
  name: 'smtp-wire',
  open: () =>
    Promise.resolve({
      round: (random) => {
        const text = mutate(random, random.pick(SEEDS), SPICE);
        const bytes = Buffer.from(text, 'latin1');
        const whole = events([bytes]);
        const pieces = events([...chunked(random, bytes)]);
        if (whole !== pieces) throw new FuzzFailure('chunking changes what is read', text);
        for (const line of text.split('\r\n')) {
          const command = parseCommand(Buffer.from(line, 'latin1'));
          if (command !== undefined) for (const word of ['FROM', 'TO'] as const) parsePathArgument(command.argument, word);
        }
      },
      close: () => Promise.resolve(),
    }),
};

/** What the reader says, as text; message bytes joined, since their pieces may differ. */
function events(chunks: readonly Buffer[]): string {
  const reader = new SmtpReader({ maxLineBytes: 512 });
  const said: string[] = [];
  let data = '';
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk));
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      switch (event.kind) {
        case 'data':
          data += event.bytes.toString('latin1');
          break;
        case 'end':
          said.push(`message ${JSON.stringify(data)}`);
          data = '';
          break;
        case 'fault':
          said.push(event.fault);
          break;
        case 'command':
          said.push(event.line.toString('latin1'));
          if (/^DATA$/i.test(event.line.toString('latin1'))) reader.expectData();
      }
    }
  }
  return said.join('\n');
}
