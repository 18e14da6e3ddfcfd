/**
 * When Mallard starts: by hand, with a person's sign-in, or with the computer. The second is done here; the third belongs to the system's administrator, so what has
 * to be run is told, word for word.
 */
import { homedir } from 'node:os';
import path from 'node:path';
import type { StartMode } from '../control/contract.ts';
import { ControlFault } from '../control/fault.ts';
import { projectRoot } from '../paths.ts';
import { localServiceHost } from './host.ts';
import { serviceStatus } from './service.ts';
import { SignInStart } from './sign-in-start.ts';

function signIn(dataDir: string): SignInStart {
  const launcher = path.join(projectRoot, 'bin', 'mallard.mjs');
  return new SignInStart(
    { platform: process.platform, env: process.env, home: homedir() },
    { node: process.execPath, launcher, dataDir },
  );
}

export async function startMode(dataDir: string): Promise<StartMode> {
  const service = await serviceInstalled();
  const onSignIn = signIn(dataDir).isOn();
  const data = `--data ${quoted(dataDir)}`;
  const mallard = process.platform === 'win32' ? 'mallard' : 'sudo mallard';
  return {
    mode: service === true ? 'computer' : onSignIn ? 'signIn' : 'manual',
    serviceKnown: service !== undefined,
    // It is stopped first: the service is started at once, and two cannot have one folder.
    install: [`mallard stop ${data}`, `${mallard} service install ${data}`],
    remove: [`${mallard} service remove`],
  };
}

/** @throws ControlFault for what needs an administrator */
export async function setStartMode(dataDir: string, mode: StartMode['mode']): Promise<void> {
  const installed = await serviceInstalled();
  if (mode === 'computer' && installed !== true)
    throw new ControlFault(
      409,
      'NotAllowed',
      'Only an administrator of this computer can set that up. Run the commands that are shown.',
    );
  if (mode !== 'computer' && installed === true)
    throw new ControlFault(
      409,
      'NotAllowed',
      'It starts with the computer now. An administrator takes that back: mallard service remove',
    );
  signIn(dataDir).set(mode === 'signIn');
}

/** Undefined where the system has no services that are known here. */
async function serviceInstalled(): Promise<boolean | undefined> {
  try {
    return (await serviceStatus(localServiceHost())).installed;
  } catch {
    // No service manager, as in a container.
    return undefined;
  }
}

function quoted(text: string): string {
  return /^[\w./:\\-]+$/.test(text) ? text : `"${text}"`;
}
