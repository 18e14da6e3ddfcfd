/** Who administers by IMAP: users named in the settings (`imap.administrators`). */
import type { CommandContext } from './command.ts';

export function isAdministrator({ session, settings }: Pick<CommandContext, 'session' | 'settings'>): boolean {
  const name = session.account.username.normalize('NFC').toLowerCase();
  return settings.administrators.some((one) => one.normalize('NFC').toLowerCase() === name);
}
