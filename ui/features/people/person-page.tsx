/** One person: who, addresses, storage, sign-in, replies and forwards, activity. */
import { Anchor, Button, Group, Menu, Skeleton, Stack, Tabs } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import {
  IconArrowLeft,
  IconAt,
  IconChevronDown,
  IconDatabase,
  IconDeviceMobile,
  IconDoorExit,
  IconFilter,
  IconHistory,
  IconFilterCode,
  IconKey,
  IconLogout,
  IconMailDown,
  IconMailForward,
  IconTrash,
  IconUser,
  IconUserCheck,
  IconUserOff,
} from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import type { Fault } from '../../lib/fault.ts';
import { useFaultWords } from '../../lib/fault-words.ts';
import { notifyDone, notifyFailed } from '../../lib/notify.ts';
import { displayName, type Person, personQuery, removePerson, signOutPerson, updatePerson } from '../../lib/people.ts';
import { ActivityTab } from './activity-tab.tsx';
import { AddressesTab } from './addresses-tab.tsx';
import { ExternalTab } from './external-tab.tsx';
import { FiltersTab } from './filters-tab.tsx';
import { LeaveDialog } from './leave-dialog.tsx';
import { OverviewTab } from './overview-tab.tsx';
import { RepliesTab } from './replies-tab.tsx';
import { SieveTab } from './sieve-tab.tsx';
import { SignInTab } from './sign-in-tab.tsx';
import { StorageTab } from './storage-tab.tsx';
import { UndoRemoval } from './undo-removal.tsx';

const route = getRouteApi('/people/$id');
const tabs = [
  ['overview', IconUser, OverviewTab],
  ['addresses', IconAt, AddressesTab],
  ['storage', IconDatabase, StorageTab],
  ['signIn', IconKey, SignInTab],
  ['replies', IconMailForward, RepliesTab],
  ['sieve', IconFilterCode, SieveTab],
  ['external', IconMailDown, ExternalTab],
  ['filters', IconFilter, FiltersTab],
  ['activity', IconHistory, ActivityTab],
] as const;

export function PersonPage(): ReactElement {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const search = route.useSearch();
  const navigate = useNavigate();
  const person = useQuery(personQuery(id));
  const tab = tabs.some(([name]) => name === search.tab) ? search.tab : 'overview';
  const [removed, setRemoved] = useState<Person>();

  if (removed !== undefined) return <UndoRemoval person={removed} onUndone={() => setRemoved(undefined)} />;
  return (
    <Stack gap="xs">
      <Anchor size="sm" renderRoot={(props) => <Link to="/people" search={{}} {...props} />}>
        <Group gap={4} component="span">
          <IconArrowLeft size={15} aria-hidden /> {t('people.back')}
        </Group>
      </Anchor>
      <Page
        title={person.data === undefined ? t('people.person') : displayName(person.data)}
        {...(typeof person.data?.address === 'string' ? { lead: person.data.address } : {})}
        {...(person.data === undefined ? {} : { actions: <Actions person={person.data} onRemoved={setRemoved} /> })}
      >
        {person.data === undefined ? (
          person.error === null ? (
            <Skeleton height={240} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={person.error} title={t('people.personNotLoaded')} onRetry={() => void person.refetch()} />
          )
        ) : (
          <Tabs
            value={tab ?? 'overview'}
            onChange={(value) =>
              void navigate({ to: '/people/$id', params: { id }, search: { tab: value ?? undefined }, replace: true })
            }
            keepMounted={false}
          >
            <Tabs.List mb="lg">
              {tabs.map(([name, IconOf]) => (
                <Tabs.Tab key={name} value={name} leftSection={<IconOf size={16} stroke={1.7} aria-hidden />}>
                  {t(`people.tab.${name}`)}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {tabs.map(([name, , Panel]) => (
              <Tabs.Panel key={name} value={name}>
                <Panel person={person.data} />
              </Tabs.Panel>
            ))}
          </Tabs>
        )}
      </Page>
    </Stack>
  );
}

function Actions({ person, onRemoved }: { person: Person; onRemoved: (person: Person) => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = useFaultWords();
  const [asked, setAsked] = useState<'disable' | 'remove'>();
  const [leaving, setLeaving] = useState(false);
  const name = displayName(person);
  const act = useMutation<void, Fault, 'enable' | 'disable' | 'signOut' | 'remove'>({
    mutationFn: (deed) => {
      if (deed === 'remove') return removePerson(person.id);
      if (deed === 'signOut') return signOutPerson(person.id);
      return updatePerson(person.id, { disabled: deed === 'disable' });
    },
    onSuccess: async (_, deed) => {
      setAsked(undefined);
      notifyDone(t(`people.did.${deed}`, { name }));
      if (deed === 'remove') {
        onRemoved(person);
        await client.invalidateQueries({ queryKey: ['people', 'list'] });
      } else await client.invalidateQueries({ queryKey: ['people'] });
    },
    onError: (fault) => notifyFailed(t('people.notDone', { name }), `${words(fault).what} ${words(fault).advice}`),
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDeviceMobile size={16} aria-hidden />}
        renderRoot={(props) => <Link to="/connect" search={{ person: person.id }} {...props} />}
      >
        {t('nav.connect')}
      </Button>
      <Menu position="bottom-end" withArrow>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={15} aria-hidden />} loading={act.isPending}>
            {t('people.actions')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => act.mutate('signOut')}>
            {t('people.signOutEverywhere')}
          </Menu.Item>
          {person.disabled === true ? (
            <Menu.Item leftSection={<IconUserCheck size={16} aria-hidden />} onClick={() => act.mutate('enable')}>
              {t('people.bulk.enable')}
            </Menu.Item>
          ) : (
            <Menu.Item leftSection={<IconUserOff size={16} aria-hidden />} onClick={() => setAsked('disable')}>
              {t('people.bulk.disable')}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item leftSection={<IconDoorExit size={16} aria-hidden />} onClick={() => setLeaving(true)}>
            {t('people.leave.open')}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setAsked('remove')}>
            {t('people.bulk.remove')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <LeaveDialog
        person={person}
        opened={leaving}
        onClose={() => setLeaving(false)}
        onRemove={() => {
          setLeaving(false);
          setAsked('remove');
        }}
      />
      <ConfirmDialog
        opened={asked !== undefined}
        title={asked === undefined ? '' : t(`people.ask.${asked}`, { name })}
        confirmLabel={asked === undefined ? '' : t(`people.bulk.${asked}`)}
        danger={asked === 'remove'}
        busy={act.isPending}
        {...(asked === 'remove' ? { typed: person.address ?? person.username } : {})}
        onConfirm={() => asked !== undefined && act.mutate(asked)}
        onClose={() => setAsked(undefined)}
      >
        {asked === undefined ? '' : t(`people.bulk.effect.${asked}`)}
      </ConfirmDialog>
    </>
  );
}
