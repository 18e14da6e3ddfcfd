/** `mallard gui-password`: whoever owns the machine owns the GUI. Works with and without a running appliance. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AdminAccount, passwordProblem } from '../../control/admin/account.ts';
import { routes } from '../../control/contract.ts';
import type { CliContext } from '../context.ts';
import { ControlClient } from '../control-client.ts';
import { usage } from '../fault.ts';
import { printJson, printLine } from '../output.ts';
import { readPassword } from '../password.ts';
import type { GuiPasswordFlags } from '../program.ts';

export async function guiPassword({ paths, json }: CliContext, flags: GuiPasswordFlags): Promise<void> {
  const password = await readPassword(flags);
  const problem = passwordProblem(password);
  if (problem !== undefined) throw usage(`This password will not do. ${problem}`);
  const keepSecondFactor = flags.keepSecondFactor === true;
  const client = ControlClient.tryOpen(paths);
  if (client !== undefined) {
    await client.call(routes.resetPassword, { body: { password, keepSecondFactor } });
  } else {
    mkdirSync(path.dirname(paths.adminAccount), { recursive: true, mode: 0o700 });
    const account = new AdminAccount(paths.adminAccount);
    await account.setPassword(password);
    if (!keepSecondFactor) account.change({ totp: null, recoveryCodes: [], passkeys: [] });
    const sessions = path.join(paths.secrets, 'sessions.json');
    if (existsSync(sessions)) rmSync(sessions);
  }
  if (json) return printJson({ changed: true, secondFactor: keepSecondFactor ? 'kept' : 'off' });
  printLine('The password of the GUI is changed; whoever was signed in is signed out.');
  if (!keepSecondFactor) printLine('Codes of an app and passkeys are off: turn them on again in the GUI under Security.');
}
