/** Where mail is: what became of each message, and what waits to be sent. */
import { Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { IconHourglass, IconRoute } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '../../components/page.tsx';
import { QueueTab } from './queue-tab.tsx';
import { TraceTab } from './trace-tab.tsx';

const route = getRouteApi('/mail');

export function MailPage(): ReactElement {
  const { t } = useTranslation();
  const { tab = 'trace' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title={t('mail.title')} lead={t('mail.lead')}>
      <Tabs
        value={tab}
        onChange={(value) => void navigate({ search: { tab: value === 'queue' ? 'queue' : undefined }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="trace" leftSection={<IconRoute size={16} stroke={1.7} aria-hidden />}>
            {t('mail.tab.trace')}
          </Tabs.Tab>
          <Tabs.Tab value="queue" leftSection={<IconHourglass size={16} stroke={1.7} aria-hidden />}>
            {t('mail.tab.queue')}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="trace">
          <TraceTab />
        </Tabs.Panel>
        <Tabs.Panel value="queue">
          <QueueTab />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
