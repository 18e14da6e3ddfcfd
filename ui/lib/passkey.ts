/** The browser's part of passkeys. The library is loaded when one is used. */
import { Fault } from './fault.ts';

type Options = Record<string, unknown>;

export async function askForPasskey(options: Options): Promise<Options> {
  const { startAuthentication } = await import('@simplewebauthn/browser');
  return asked(() => startAuthentication({ optionsJSON: options as never }));
}

export async function makePasskey(options: Options): Promise<Options> {
  const { startRegistration } = await import('@simplewebauthn/browser');
  return asked(() => startRegistration({ optionsJSON: options as never }));
}

async function asked(ask: () => Promise<object>): Promise<Options> {
  try {
    return { ...(await ask()) };
  } catch (error) {
    throw new Fault('PasskeyRefused', 0, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
