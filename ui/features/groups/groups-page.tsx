/** Groups: addresses that go to several people, and mailboxes that several people use. */
import { Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { IconFolderShare, IconUsersGroup } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '../../components/page.tsx';
import { ListsTab } from './lists-tab.tsx';
import { SharedTab } from './shared-tab.tsx';

const route = getRouteApi('/groups');

export function GroupsPage(): ReactElement {
  const { t } = useTranslation();
  const { tab = 'lists' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title={t('groups.title')} lead={t('groups.lead')}>
      <Tabs
        value={tab}
        onChange={(value) =>
          void navigate({ search: { tab: value === 'shared' ? ('shared' as const) : undefined }, replace: true })
        }
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="lists" leftSection={<IconUsersGroup size={16} stroke={1.7} aria-hidden />}>
            {t('groups.tab.lists')}
          </Tabs.Tab>
          <Tabs.Tab value="shared" leftSection={<IconFolderShare size={16} stroke={1.7} aria-hidden />}>
            {t('groups.tab.shared')}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="lists">
          <ListsTab />
        </Tabs.Panel>
        <Tabs.Panel value="shared">
          <SharedTab />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
