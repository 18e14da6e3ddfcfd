/** Every endpoint there is. */
import type { ApiContext, Route } from '../context.ts';
import { addressRoutes } from './addresses.ts';
import { authenticationRoutes } from './authentication.ts';
import { healthRoutes } from './health.ts';
import { mailboxRoutes } from './mailboxes.ts';
import { userRoutes } from './users.ts';

export function allRoutes(context: ApiContext): Route[] {
  return [userRoutes, addressRoutes, mailboxRoutes, authenticationRoutes, healthRoutes].flatMap((group) => group(context));
}
