/**
 * The places of the app, in the order of the navigation and of the palette. A screen stands here when it works, not before. `aliases` are names
 * under which people of other mail servers look for it; they are in the catalogue (nav.aliases).
 */
import {
  IconActivityHeartbeat,
  IconDatabase,
  IconDeviceMobile,
  IconFileText,
  IconHome,
  IconRoute,
  IconSettings,
  IconShieldLock,
  IconUsers,
  IconUsersGroup,
  IconWorld,
  type Icon,
} from '@tabler/icons-react';

export const places = [
  { name: 'home', path: '/', icon: IconHome },
  { name: 'people', path: '/people', icon: IconUsers },
  { name: 'groups', path: '/groups', icon: IconUsersGroup },
  { name: 'connect', path: '/connect', icon: IconDeviceMobile },
  { name: 'domains', path: '/domains', icon: IconWorld },
  { name: 'mail', path: '/mail', icon: IconRoute },
  { name: 'security', path: '/security', icon: IconShieldLock },
  { name: 'services', path: '/services', icon: IconActivityHeartbeat },
  { name: 'backups', path: '/backups', icon: IconDatabase },
  { name: 'logs', path: '/logs', icon: IconFileText },
  { name: 'settings', path: '/settings', icon: IconSettings },
] as const satisfies readonly { readonly name: string; readonly path: string; readonly icon: Icon }[];

export type PlaceName = (typeof places)[number]['name'];
