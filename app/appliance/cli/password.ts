/** Where a password comes from: the option, standard input, or a prompt that shows nothing. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliFault, usage } from './fault.ts';

export interface PasswordFlags {
  readonly password?: string;
  readonly passwordStdin?: boolean;
}

const maxPasswordChars = 256;

export async function readPassword(flags: PasswordFlags): Promise<string> {
  const password = await givenOrAsked(flags);
  if (password === '') throw usage('The password is empty.\nAllowed: 1 to 256 characters');
  if (password.length > maxPasswordChars) throw usage(`The password is too long.\nAllowed: 1 to ${maxPasswordChars} characters`);
  return password;
}

async function givenOrAsked(flags: PasswordFlags): Promise<string> {
  if (flags.password !== undefined && flags.password !== '-') return flags.password;
  if (flags.passwordStdin === true || flags.password === '-') return firstLine();
  if (!process.stdin.isTTY)
    throw usage('A password is needed.\nAllowed: --password PASSWORD, or --password-stdin to read it from standard input');
  const password = await ask('Password: ');
  if ((await ask('Again: ')) !== password) throw new CliFault(1, 'The two passwords differ. Nothing was changed.');
  return password;
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  const interrupted = new Promise<never>((_, reject) => {
    terminal.once('SIGINT', () => reject(new CliFault(1, 'Nothing was changed.')));
  });
  try {
    return await Promise.race([terminal.question(''), interrupted]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
