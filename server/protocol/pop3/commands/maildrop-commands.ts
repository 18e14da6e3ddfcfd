/** STAT, LIST, UIDL, RETR, TOP, DELE, RSET: the TRANSACTION state (RFC 1939 §5, §7). */
import type { Pop3Command } from '../command-spec.ts';
import type { Maildrop } from '../maildrop.ts';
import type { Pop3Session } from '../session.ts';

/** A message number that exists and is not deleted; else the session was told. */
function messageNumber(session: Pop3Session, text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) {
    session.err('A message number is needed');
    return undefined;
  }
  const number = Number(text);
  if (session.maildrop.has(number)) return number;
  session.err('No such message');
  return undefined;
}

const TOP_BYTES = 4_096;

async function mayFetch(session: Pop3Session, bytes: number): Promise<boolean> {
  if ((await session.allowance?.take(bytes)) !== false) return true;
  session.err('The octets of this day are used up: try again tomorrow', 'SYS/TEMP');
  return false;
}

const stat: Pop3Command = {
  name: 'STAT',
  states: ['transaction'],
  rfc: '1939 §5',
  run: (session) => session.ok(`${session.maildrop.count} ${session.maildrop.totalBytes}`),
};

const list: Pop3Command = {
  name: 'LIST',
  states: ['transaction'],
  rfc: '1939 §5',
  run: async (session, argument) => {
    const { maildrop } = session;
    if (argument !== '') {
      const number = messageNumber(session, argument);
      if (number !== undefined) session.ok(`${number} ${maildrop.sizeBytes(number)}`);
      return;
    }
    await session.lines(`${maildrop.count} messages (${maildrop.totalBytes} octets)`, listing(maildrop));
  },
};

function* listing(maildrop: Maildrop): Generator<string> {
  for (const number of maildrop.numbers()) yield `${number} ${maildrop.sizeBytes(number)}`;
}

const uidl: Pop3Command = {
  name: 'UIDL',
  states: ['transaction'],
  capability: () => ['UIDL'],
  rfc: '1939 §7',
  run: async (session, argument) => {
    const { maildrop } = session;
    if (argument !== '') {
      const number = messageNumber(session, argument);
      if (number === undefined) return;
      const id = await maildrop.uniqueId(number);
      if (id === undefined) session.err('The message is gone');
      else session.ok(`${number} ${id}`);
      return;
    }
    // The first batch is read before +OK: a database that is away is then a clean -ERR.
    const batches = maildrop.uniqueIds();
    let batch = await batches.next();
    session.ok('Unique ids follow');
    for (; batch.done !== true; batch = await batches.next()) {
      for (const [number, id] of batch.value) session.io.write(`${number} ${id}\r\n`);
      if (session.io.wantsFlush) await session.io.flush();
    }
    session.io.write('.\r\n');
  },
};

const retr: Pop3Command = {
  name: 'RETR',
  states: ['transaction'],
  rfc: '1939 §5',
  run: async (session, argument) => {
    const number = messageNumber(session, argument);
    if (number === undefined) return;
    if (!(await mayFetch(session, session.maildrop.sizeBytes(number)))) return;
    await session.message(`${session.maildrop.sizeBytes(number)} octets`, session.maildrop.retrieve(number));
  },
};

const top: Pop3Command = {
  name: 'TOP',
  states: ['transaction'],
  capability: () => ['TOP'],
  rfc: '1939 §7',
  run: async (session, argument) => {
    const [numberText = '', linesText = '', ...more] = argument.split(' ').filter((word) => word !== '');
    const number = messageNumber(session, numberText);
    if (number === undefined) return;
    if (!/^\d{1,10}$/.test(linesText) || more.length > 0) return session.err('TOP wants a message number and a number of lines');
    // How much it is shows only when it is read; a header's worth is counted.
    if (!(await mayFetch(session, Math.min(TOP_BYTES, session.maildrop.sizeBytes(number))))) return;
    await session.message('Top of the message follows', session.maildrop.top(number, Number(linesText)));
  },
};

const dele: Pop3Command = {
  name: 'DELE',
  states: ['transaction'],
  rfc: '1939 §5',
  run: (session, argument) => {
    const number = messageNumber(session, argument);
    if (number === undefined) return;
    session.maildrop.delete(number);
    session.ok(`Message ${number} deleted`);
  },
};

const rset: Pop3Command = {
  name: 'RSET',
  states: ['transaction'],
  rfc: '1939 §5',
  run: (session) => {
    session.maildrop.reset();
    session.ok(`${session.maildrop.count} messages (${session.maildrop.totalBytes} octets)`);
  },
};

export const maildropCommands: readonly Pop3Command[] = [stat, list, uidl, retr, top, dele, rset];
