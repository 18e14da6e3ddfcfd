/** What a test does with each protocol after the greeting. Each tells its steps; a step that fails throws, and names itself by that. */
import type { Dialog } from './dialog.ts';

export type StepName = 'connect' | 'encrypt' | 'greet' | 'signIn' | 'recipient' | 'signOut';
export interface Credential {
  readonly username: string;
  readonly address: string;
  readonly password: string;
}
/** Does a step; its answer is what the server said. */
export type Step = (name: StepName, run: () => Promise<string>) => Promise<void>;
export type Conversation = (dialog: Dialog, step: Step, credential: Credential, startTls: boolean) => Promise<void>;

const encrypt =
  (dialog: Dialog, ask: string, good: RegExp, end: RegExp): (() => Promise<string>) =>
  async () => {
    dialog.send(ask);
    expect(await dialog.until(end), good);
    await dialog.startTls();
    return dialog.encryption ?? '';
  };

const imap: Conversation = async (dialog, step, { username, password }, startTls) => {
  await step('greet', async () => expect(await dialog.line(), /^\* (OK|PREAUTH)/));
  if (startTls) await step('encrypt', encrypt(dialog, 't1 STARTTLS', /^t1 OK/, /^t1 /));
  await step('signIn', async () => {
    dialog.send(`t2 LOGIN "${username}" "${password}"`);
    return expect(await dialog.until(/^t2 /), /^t2 OK/);
  });
  await step('signOut', async () => {
    dialog.send('t3 LOGOUT');
    return expect(await dialog.until(/^t3 /), /^t3 OK/);
  });
};

const pop3: Conversation = async (dialog, step, { username, password }, startTls) => {
  const ask = async (command: string): Promise<string> => {
    dialog.send(command);
    return expect(await dialog.line(), /^\+OK/);
  };
  await step('greet', async () => expect(await dialog.line(), /^\+OK/));
  if (startTls) await step('encrypt', encrypt(dialog, 'STLS', /^\+OK/, /^/));
  await step('signIn', async () => {
    await ask(`USER ${username}`);
    return ask(`PASS ${password}`);
  });
  await step('signOut', () => ask('QUIT'));
};

/** SMTP's kin: submission signs in, the others ask whether the test's address is known. */
const smtp =
  (hello: string, signsIn: boolean): Conversation =>
  async (dialog, step, { username, address, password }, startTls) => {
    const ask = async (command: string): Promise<string> => {
      dialog.send(command);
      return expect(await dialog.until(/^\d{3}(?!-)/), /^[23]/);
    };
    await step('greet', async () => {
      const greeting = expect(await dialog.until(/^\d{3}(?!-)/), /^220/);
      await ask(hello);
      return greeting;
    });
    if (startTls) {
      await step('encrypt', encrypt(dialog, 'STARTTLS', /^220/, /^\d{3}(?!-)/));
      await ask(hello);
    }
    if (signsIn) {
      await step('signIn', () => ask(`AUTH PLAIN ${Buffer.from(`\0${username}\0${password}`).toString('base64')}`));
    } else {
      await step('recipient', async () => {
        await ask(`MAIL FROM:<${address}>`);
        return ask(`RCPT TO:<${address}>`);
      });
    }
    await step('signOut', () => ask('QUIT'));
  };

const manageSieve: Conversation = async (dialog, step, { username, password }, startTls) => {
  const answer = async (): Promise<string> => expect(await dialog.until(/^(?:OK|NO|BYE)\b/), /^OK/);
  await step('greet', answer);
  if (startTls) {
    await step('encrypt', encrypt(dialog, 'STARTTLS', /^OK/, /^(?:OK|NO|BYE)\b/));
    await answer();
  }
  await step('signIn', () => {
    dialog.send(`AUTHENTICATE "PLAIN" "${Buffer.from(`\0${username}\0${password}`).toString('base64')}"`);
    return answer();
  });
  await step('signOut', () => {
    dialog.send('LOGOUT');
    return answer();
  });
};

export const conversations: Readonly<Record<string, Conversation>> = {
  imap,
  imaps: imap,
  pop3,
  pop3s: pop3,
  submission: smtp('EHLO self-test.invalid', true),
  submissions: smtp('EHLO self-test.invalid', true),
  smtp: smtp('EHLO self-test.invalid', false),
  managesieve: manageSieve,
  lmtp: smtp('LHLO self-test.invalid', false),
};

function expect(line: string, good: RegExp): string {
  if (!good.test(line)) throw new Error(line.slice(0, 300));
  return line.slice(0, 300);
}
