/** Who came in, who is kept out, what encrypts, who changed what, and what guards this page itself. */
import { Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { IconBan, IconCertificate, IconHistory, IconLockAccess, IconLogin2, type Icon } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '../../components/page.tsx';
import { AccessTab } from './access-tab.tsx';
import { AuditTab } from './audit-tab.tsx';
import { BansTab } from './bans-tab.tsx';
import { CertificatesTab } from './certificates-tab.tsx';
import { SignInsTab } from './sign-ins-tab.tsx';

const tabs = ['signIns', 'bans', 'certificates', 'changes', 'access'] as const;
type Tab = (typeof tabs)[number];
const icons: Readonly<Record<Tab, Icon>> = {
  signIns: IconLogin2,
  bans: IconBan,
  certificates: IconCertificate,
  changes: IconHistory,
  access: IconLockAccess,
};
const panels: Readonly<Record<Tab, () => ReactElement>> = {
  signIns: SignInsTab,
  bans: BansTab,
  certificates: CertificatesTab,
  changes: AuditTab,
  access: AccessTab,
};

export function SecurityPage(): ReactElement {
  const { t } = useTranslation();
  const { tab } = useSearch({ from: '/security' });
  const navigate = useNavigate();
  const chosen = tabs.find((each) => each === tab) ?? 'signIns';
  return (
    <Page title={t('nav.security')} lead={t('security.lead')}>
      <Tabs
        value={chosen}
        onChange={(value) => void navigate({ to: '/security', search: { tab: value ?? undefined }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {tabs.map((each) => {
            const IconOf = icons[each];
            return (
              <Tabs.Tab key={each} value={each} leftSection={<IconOf size={16} aria-hidden />}>
                {t(`security.tab.${each}`)}
              </Tabs.Tab>
            );
          })}
        </Tabs.List>
        {tabs.map((each) => {
          const Panel = panels[each];
          return (
            <Tabs.Panel key={each} value={each}>
              <Panel />
            </Tabs.Panel>
          );
        })}
      </Tabs>
    </Page>
  );
}
