/** A person's own account: password and second factor, devices, replies and forwards, filters, sign-ins. */
import { SimpleGrid, Skeleton, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Button } from '@mantine/core';
import { IconDeviceMobile, IconFilter, IconHistory, IconKey, IconMailForward } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { AutoreplyCard } from '../../account/autoreply-card.tsx';
import { DevicePasswordsCard } from '../../account/device-passwords-card.tsx';
import { FiltersCard } from '../../account/filters-card.tsx';
import { ForwardsCard } from '../../account/forwards-card.tsx';
import { Page } from '../../components/page.tsx';
import { QuotaBar } from '../../components/quota-bar.tsx';
import { meQuery } from '../../lib/me.ts';
import { displayName, type Person, quotaOf } from '../../lib/people.ts';
import classes from './account.module.css';
import { CodesCard } from './codes-card.tsx';
import { KeysCard } from './keys-card.tsx';
import { OwnPasswordCard } from './own-password-card.tsx';
import { SignInsCard } from './sign-ins-card.tsx';

const route = getRouteApi('/me/account');
const tabs = [
  ['signIn', IconKey, SignInPanel],
  ['replies', IconMailForward, RepliesPanel],
  ['filters', IconFilter, FiltersPanel],
  ['activity', IconHistory, ActivityPanel],
] as const;

export function AccountPage(): ReactElement {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  const tab = tabs.some(([name]) => name === search.tab) ? (search.tab ?? 'signIn') : 'signIn';
  if (me === undefined || me === null) return <Skeleton height={240} m="xl" role="status" aria-label={t('common.loading')} />;
  return (
    <div className={classes['page']}>
      <Page title={displayName(me)} lead={me.address ?? me.username} actions={<QuotaBar {...quotaOf(me)} />}>
        <Tabs
          value={tab}
          onChange={(value) => void navigate({ search: { tab: value ?? undefined }, replace: true })}
          keepMounted={false}
        >
          <Tabs.List mb="lg">
            {tabs.map(([name, IconOf]) => (
              <Tabs.Tab key={name} value={name} leftSection={<IconOf size={16} stroke={1.7} aria-hidden />}>
                {t(`me.tab.${name}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {tabs.map(([name, , Panel]) => (
            <Tabs.Panel key={name} value={name}>
              <Panel me={me} />
            </Tabs.Panel>
          ))}
        </Tabs>
      </Page>
    </div>
  );
}

function SignInPanel({ me }: { me: Person }): ReactElement {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <OwnPasswordCard me={me} />
      <CodesCard me={me} />
      <DevicePasswordsCard
        user={me.id}
        connect={
          <Button
            variant="default"
            leftSection={<IconDeviceMobile size={16} aria-hidden />}
            renderRoot={(props) => <Link to="/me/connect" search={{}} {...props} />}
          >
            {t('nav.connect')}
          </Button>
        }
      />
      <KeysCard me={me} />
    </SimpleGrid>
  );
}

function RepliesPanel({ me }: { me: Person }): ReactElement {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <AutoreplyCard person={me} />
      <ForwardsCard person={me} />
    </SimpleGrid>
  );
}

function FiltersPanel({ me }: { me: Person }): ReactElement {
  return <FiltersCard user={me.id} />;
}

function ActivityPanel({ me }: { me: Person }): ReactElement {
  return <SignInsCard me={me} />;
}
