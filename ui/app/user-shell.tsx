/** The frame around the pages of people at their own account: three places, and the way out. */
import { ActionIcon, Alert, Anchor, Group, Menu, Text, Tooltip } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { IconDeviceMobile, IconLogout, IconMail, IconUserCircle, IconUserCog } from '@tabler/icons-react';
import { type ReactElement, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Logo } from '../components/logo.tsx';
import { ColorSchemeMenu, LanguageMenu } from '../components/preferences.tsx';
import { meQuery, signOutUser } from '../lib/me.ts';
import { displayName } from '../lib/people.ts';
import shell from './shell.module.css';
import classes from './user-shell.module.css';

const places = [
  { name: 'mail', path: '/me/mail', icon: IconMail },
  { name: 'account', path: '/me/account', icon: IconUserCog },
  { name: 'connect', path: '/me/connect', icon: IconDeviceMobile },
] as const;

export function UserShell(): ReactElement {
  const { t } = useTranslation();
  const me = useQuery(meQuery).data;
  const main = useRef<HTMLElement>(null);
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <div className={classes['frame']}>
      <a className={shell['skip']} href="#main" onClick={() => main.current?.focus()}>
        {t('shell.skip')}
      </a>
      <header className={classes['header']}>
        <Link to="/me/mail" search={{}} className={shell['home'] ?? ''} aria-label={t('me.toMail')}>
          <Logo />
        </Link>
        <nav className={classes['nav']} aria-label={t('shell.navigation')}>
          {places.map(({ name, path, icon: IconOf }) => (
            <Link
              key={name}
              to={path}
              search={{}}
              className={classes['link'] ?? ''}
              aria-current={pathname === path ? 'page' : undefined}
              aria-label={t(`me.place.${name}`)}
            >
              <IconOf size={18} stroke={1.7} aria-hidden />
              <span className={classes['label']}>{t(`me.place.${name}`)}</span>
            </Link>
          ))}
        </nav>
        <Group gap={4} wrap="nowrap">
          <LanguageMenu />
          <ColorSchemeMenu />
          <AccountMenu />
        </Group>
      </header>
      <main id="main" ref={main} tabIndex={-1} className={classes['main']}>
        {me?.requirePasswordChange === true && (
          <Alert color="orange" m="md">
            {t('me.mustChange')}{' '}
            <Anchor inherit renderRoot={(props) => <Link to="/me/account" search={{}} {...props} />}>
              {t('me.place.account')}
            </Anchor>
          </Alert>
        )}
        <Outlet />
      </main>
    </div>
  );
}

function AccountMenu(): ReactElement {
  const { t } = useTranslation();
  const me = useQuery(meQuery).data;
  const signOut = useMutation({
    mutationFn: signOutUser,
    // Loaded anew, the page holds nothing of whoever was here.
    onSettled: () => window.location.assign('/me'),
  });
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <Tooltip label={t('shell.account')}>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('shell.account')}>
            <IconUserCircle size={21} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {me !== undefined && me !== null && (
          <Menu.Label>
            {displayName(me)}
            {displayName(me) !== me.address && <Text size="xs">{me.address}</Text>}
          </Menu.Label>
        )}
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut.mutate()}>
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
