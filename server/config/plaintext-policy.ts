/** Whether a password may come over this connection. One rule for every protocol. */
import { isLoopback } from '../base/connection.ts';
import type { Config } from './schema.ts';

export function mayAuthenticate(
  config: Config,
  connection: { readonly secure: boolean; readonly remoteAddress: string },
): boolean {
  if (connection.secure) return true;
  switch (config.auth.allowPlaintext) {
    case 'always':
      return true;
    case 'loopback':
      return isLoopback(connection.remoteAddress);
    case 'never':
      return false;
  }
}
