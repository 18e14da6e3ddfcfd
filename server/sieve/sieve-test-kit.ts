/** Runs scripts on messages in tests, and tells what came of it in one line an action. */
import { compileScript } from './binder.ts';
import { SieveMessage } from './message.ts';
import { DEFAULT_SIEVE_LIMITS, type SieveEnvironment } from './result.ts';
import { runScript } from './run.ts';

export const MESSAGE = [
  'Return-Path: <coyote@desert.example.org>',
  'Received: from a by b; Tue, 01 Apr 1997 09:06:31 -0800',
  'Date: Tue, 1 Apr 1997 09:06:31 -0800 (PST)',
  'From: "Wile E. Coyote" <coyote@desert.example.org>',
  'To: roadrunner@acme.example.com, ken+sieve@example.org',
  'Cc: frop@example.org',
  'Subject: I have a =?utf-8?Q?Pr=C3=A4sent?= for you',
  'X-Caffeine: C8H10N4O2',
  'Priority: 12',
  'Message-ID: <1@desert.example.org>',
  '',
  "Look, I'm sorry about the whole anvil thing.",
  '.dots and make money fast',
  '',
].join('\r\n');

export type RunOptions = Partial<SieveEnvironment> & { readonly message?: string };

export async function outcomeOf(script: string, { message = MESSAGE, ...environment }: RunOptions = {}): Promise<string> {
  const subject = new SieveMessage(Buffer.from(message));
  const { actions, problem } = await runScript(compileScript(script), subject, {
    envelopeFrom: 'coyote@desert.example.org',
    envelopeTo: 'ken+sieve@example.org',
    now: new Date('2026-11-24T12:30:00Z'),
    mailboxExists: async (name) => name === 'INBOX' || name === 'Known',
    isMarked: async (mark) => mark.includes('old'),
    spamScore: undefined,
    items: new Map([['name', 'Mallard']]),
    limits: DEFAULT_SIEVE_LIMITS,
    ...environment,
  });
  if (problem !== undefined) return `problem ${problem.line}: ${problem.text}`;
  return actions
    .map((action) => {
      const flags = 'flags' in action && action.flags.length > 0 ? ` (${action.flags.join(' ')})` : '';
      const edited = 'fields' in action && subject.bytesWith(action.fields) !== undefined ? ' edited' : '';
      switch (action.kind) {
        case 'fileinto':
          return `fileinto ${action.mailbox}${action.create ? ' create' : ''}${flags}${edited}`;
        case 'redirect':
          return `redirect ${action.address}${edited}`;
        case 'reject':
          return `reject ${action.text}`;
        case 'vacation':
          return `vacation ${action.periodMs / 86_400_000} ${action.subject ?? '-'} ${action.text}`;
        default:
          return `keep${flags}${edited}`;
      }
    })
    .join(', ');
}

/** Line and words of what is wrong with a script. */
export function faultOf(script: string): string {
  try {
    compileScript(script);
    return 'none';
  } catch (error) {
    return error instanceof Error && 'line' in error ? `${String(error.line)}: ${error.message}` : String(error);
  }
}
