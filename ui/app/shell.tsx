/**
 * The frame around every screen: navigation, palette, state of the link to the appliance. Keyboard: the first Tab stop skips to the content; after a
 * change of page the content has the focus, so that screen readers begin there.
 */
import { ActionIcon, AppShell, Burger, Group, Kbd, Menu, NavLink, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { IconLogout, IconSearch, IconUserCircle } from '@tabler/icons-react';
import { type ReactElement, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { routes } from '../../app/appliance/control/contract.ts';
import { Logo } from '../components/logo.tsx';
import { ColorSchemeMenu, LanguageMenu } from '../components/preferences.tsx';
import { control } from '../lib/control.ts';
import { useLiveState } from '../lib/live.ts';
import { sessionQuery, statusQuery } from '../lib/queries.ts';
import { LinkBanner } from './link-banner.tsx';
import { places } from './nav.ts';
import { Palette } from './palette.tsx';
import classes from './shell.module.css';

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Shell(): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [menuOpen, menu] = useDisclosure(false);
  const [paletteOpen, palette] = useDisclosure(false);
  const main = useRef<HTMLElement>(null);
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const shown = useRef(pathname);
  useLiveState(client);
  useQuery(statusQuery);
  useHotkeys([['mod+K', () => palette.toggle()]], []);
  const { close: closeMenu } = menu;
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    closeMenu();
    main.current?.focus({ preventScroll: true });
  }, [pathname, closeMenu]);

  return (
    <>
      <a className={classes['skip']} href="#main" onClick={() => main.current?.focus()}>
        {t('shell.skip')}
      </a>
      <AppShell
        header={{ height: 60 }}
        navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !menuOpen } }}
        padding={{ base: 'md', md: 'xl' }}
      >
        <AppShell.Header className={classes['header'] ?? ''}>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Burger
                opened={menuOpen}
                onClick={menu.toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label={t('shell.menu')}
                aria-expanded={menuOpen}
              />
              <Link to="/" className={classes['home'] ?? ''} aria-label={t('shell.toHome')}>
                <Logo />
              </Link>
            </Group>
            <UnstyledButton className={classes['search'] ?? ''} onClick={palette.open} visibleFrom="sm">
              <IconSearch size={16} aria-hidden />
              <Text size="sm" flex={1} ta="left">
                {t('shell.search')}
              </Text>
              <Kbd size="xs">{isMac ? '⌘ K' : t('shell.ctrlK')}</Kbd>
            </UnstyledButton>
            <Group gap={4} wrap="nowrap">
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                hiddenFrom="sm"
                onClick={palette.open}
                aria-label={t('shell.search')}
              >
                <IconSearch size={20} aria-hidden />
              </ActionIcon>
              <LanguageMenu />
              <ColorSchemeMenu />
              <AccountMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="sm" className={classes['nav'] ?? ''} aria-label={t('shell.navigation')}>
          <AppShell.Section grow style={{ overflowY: 'auto' }}>
            {places.map(({ name, path, icon: IconOf }) => {
              const active = path === '/' ? pathname === '/' : pathname === path || pathname.startsWith(`${path}/`);
              return (
                <NavLink
                  key={name}
                  label={t(`nav.${name}`)}
                  leftSection={<IconOf size={19} stroke={1.7} aria-hidden />}
                  active={active}
                  aria-current={active ? 'page' : undefined}
                  className={classes['link'] ?? ''}
                  renderRoot={(props) => <Link to={path} {...props} />}
                />
              );
            })}
          </AppShell.Section>
          <AppShell.Section>
            <Version />
          </AppShell.Section>
        </AppShell.Navbar>
        <AppShell.Main id="main" ref={main} tabIndex={-1} className={classes['outer'] ?? ''}>
          <div className={classes['main']}>
            <LinkBanner />
            <Outlet />
          </div>
        </AppShell.Main>
      </AppShell>
      <Palette opened={paletteOpen} onClose={palette.close} />
    </>
  );
}

function Version(): ReactElement | null {
  const version = useQuery({ ...statusQuery, select: (status) => status.version }).data;
  return version === undefined ? null : (
    <Text size="xs" c="dimmed" px="sm" py={6}>
      Mallard {version}
    </Text>
  );
}

function AccountMenu(): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => control(routes.signOut),
    onSettled: () => {
      client.clear();
      void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
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
        <Menu.Label>{t('shell.admin')}</Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut.mutate()}>
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
