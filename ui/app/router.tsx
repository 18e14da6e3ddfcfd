/** Routes. Each screen is a chunk of its own, loaded when it is wanted (or when its link is pointed at). */
import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { z } from 'zod';
import { logLevelSchema } from '../../app/appliance/control/contract.ts';
import { Frame } from './frame.tsx';
import { RouteFailed, RouteMissing, RoutePending } from './route-states.tsx';

interface Context {
  readonly client: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ component: Frame, notFoundComponent: RouteMissing });
const text = z.string().max(500).optional().catch(undefined);

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../features/home/home-page.tsx'), 'HomePage'),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  validateSearch: z.object({ q: text, add: z.boolean().optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('../features/people/people-page.tsx'), 'PeoplePage'),
});
const person = createRoute({
  getParentRoute: () => root,
  path: '/people/$id',
  validateSearch: z.object({ tab: text }),
  component: lazyRouteComponent(() => import('../features/people/person-page.tsx'), 'PersonPage'),
});
const connect = createRoute({
  getParentRoute: () => root,
  path: '/connect',
  validateSearch: z.object({ person: text, client: text }),
  component: lazyRouteComponent(() => import('../features/connect/connect-page.tsx'), 'ConnectPage'),
});
const mail = createRoute({
  getParentRoute: () => root,
  path: '/mail',
  validateSearch: z.object({ tab: z.enum(['trace', 'queue']).optional().catch(undefined), q: text }),
  component: lazyRouteComponent(() => import('../features/mail-flow/mail-page.tsx'), 'MailPage'),
});
const domains = createRoute({
  getParentRoute: () => root,
  path: '/domains',
  component: lazyRouteComponent(() => import('../features/domains/domains-page.tsx'), 'DomainsPage'),
});
const services = createRoute({
  getParentRoute: () => root,
  path: '/services',
  component: lazyRouteComponent(() => import('../features/services/services-page.tsx'), 'ServicesPage'),
});
const backups = createRoute({
  getParentRoute: () => root,
  path: '/backups',
  component: lazyRouteComponent(() => import('../features/backups/backups-page.tsx'), 'BackupsPage'),
});
const logs = createRoute({
  getParentRoute: () => root,
  path: '/logs',
  validateSearch: z.object({
    level: logLevelSchema.optional().catch(undefined),
    service: text,
    user: text,
    connection: text,
    text,
  }),
  component: lazyRouteComponent(() => import('../features/logs/logs-page.tsx'), 'LogsPage'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: z.object({ q: text, changed: z.boolean().optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('../features/settings/settings-page.tsx'), 'SettingsPage'),
});

const security = createRoute({
  getParentRoute: () => root,
  path: '/security',
  validateSearch: z.object({ tab: text }),
  component: lazyRouteComponent(() => import('../features/security/security-page.tsx'), 'SecurityPage'),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('../features/setup/setup-page.tsx'), 'SetupPage'),
});

const groups = createRoute({
  getParentRoute: () => root,
  path: '/groups',
  validateSearch: z.object({ tab: z.enum(['lists', 'shared']).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('../features/groups/groups-page.tsx'), 'GroupsPage'),
});
const me = createRoute({
  getParentRoute: () => root,
  path: '/me',
  beforeLoad: () => {
    throw redirect({ to: '/me/mail', replace: true });
  },
});
const webmail = createRoute({
  getParentRoute: () => root,
  path: '/me/mail',
  validateSearch: z.object({ box: text, m: z.number().int().optional().catch(undefined), in: text, q: text }),
  component: lazyRouteComponent(() => import('../features/webmail/webmail-page.tsx'), 'WebmailPage'),
});
const account = createRoute({
  getParentRoute: () => root,
  path: '/me/account',
  validateSearch: z.object({ tab: text }),
  component: lazyRouteComponent(() => import('../features/account/account-page.tsx'), 'AccountPage'),
});
const ownDevice = createRoute({
  getParentRoute: () => root,
  path: '/me/connect',
  validateSearch: z.object({ client: text }),
  component: lazyRouteComponent(() => import('../features/connect/own-device-page.tsx'), 'OwnDevicePage'),
});

const tree = root.addChildren([
  home,
  people,
  person,
  groups,
  connect,
  domains,
  mail,
  security,
  services,
  backups,
  logs,
  settings,
  setup,
  me,
  webmail,
  account,
  ownDevice,
]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: 'intent',
    defaultPendingComponent: RoutePending,
    defaultErrorComponent: RouteFailed,
    defaultPendingMs: 150,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
