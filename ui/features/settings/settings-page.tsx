/** All settings, made from the appliance's registry: searched, grouped, saved together. Nothing is sent before "Save". */
import { Alert, Button, Group, Paper, Skeleton, Stack, Switch, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useBlocker } from '@tanstack/react-router';
import { IconRefreshAlert, IconSearch, IconSettings, IconWand } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SettingEntry, SettingsChanged } from '../../../app/appliance/control/contract.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { tryBytes } from '../../lib/format.ts';
import { notifyDone } from '../../lib/notify.ts';
import { settingsQuery, useChangeSettings } from '../../lib/queries.ts';
import { SettingField } from './setting-field.tsx';
import { groupOf, settingGroups, useSettingWords } from './setting-words.ts';
import classes from './settings.module.css';

const route = getRouteApi('/settings');

type Drafts = ReadonlyMap<string, unknown>;

export function SettingsPage(): ReactElement {
  const { t } = useTranslation();
  const settings = useQuery(settingsQuery);
  return (
    <Page
      title={t('settings.title')}
      lead={t('settings.lead')}
      actions={
        <Button
          variant="default"
          leftSection={<IconWand size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/setup" {...props} />}
        >
          {t('setup.title')}
        </Button>
      }
    >
      {settings.data === undefined ? (
        settings.error === null ? (
          <Skeleton height={420} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={settings.error} title={t('settings.notLoaded')} onRetry={() => void settings.refetch()} />
        )
      ) : (
        <Loaded settings={settings.data} />
      )}
    </Page>
  );
}

function Loaded({ settings }: { settings: readonly SettingEntry[] }): ReactElement {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const wordsOf = useSettingWords();
  const change = useChangeSettings();
  const [drafts, setDrafts] = useState<Drafts>(new Map());
  const [needed, setNeeded] = useState<SettingsChanged['restart']>('none');
  const wanted = (search.q ?? '').trim().toLowerCase();
  const shown = settings.filter((setting) => {
    if (search.changed === true && setting.origin === 'default' && !drafts.has(setting.name)) return false;
    const { label, help } = wordsOf(setting);
    return wanted === '' || `${setting.name} ${label} ${help}`.toLowerCase().includes(wanted);
  });
  const blocker = useBlocker({
    shouldBlockFn: () => drafts.size > 0,
    enableBeforeUnload: () => drafts.size > 0,
    withResolver: true,
  });
  const draft = (name: string, value: unknown): void =>
    setDrafts((former) => {
      const next = new Map(former);
      const setting = settings.find((each) => each.name === name);
      if (value === undefined || JSON.stringify(value) === JSON.stringify(setting?.value)) next.delete(name);
      else next.set(name, value);
      return next;
    });
  const save = (): void =>
    change.mutate(Object.fromEntries([...drafts].map(([name, value]) => [name, sendable(settings, name, value)])), {
      onSuccess: ({ restart }) => {
        setDrafts(new Map());
        if (restart === 'databases' || restart === 'appliance') setNeeded(restart);
        notifyDone(t(restart === 'worker' ? 'settings.savedRestarting' : 'settings.saved'));
      },
    });
  // The appliance's words name the setting that it does not take.
  const problemOf = (name: string): string | undefined =>
    change.error !== null && drafts.has(name) && change.error.message.includes(name)
      ? (change.error.allowed ?? change.error.message)
      : undefined;

  return (
    <Stack gap="lg">
      {needed !== 'none' && (
        <Alert
          color="orange"
          icon={<IconRefreshAlert aria-hidden />}
          title={t(`settings.needs.${needed === 'appliance' ? 'appliance' : 'databases'}`)}
        >
          <Text size="sm">{t('settings.needsAdvice')}</Text>
        </Alert>
      )}
      <Group gap="lg">
        <TextInput
          flex={1}
          maw={420}
          type="search"
          leftSection={<IconSearch size={16} aria-hidden />}
          placeholder={t('settings.search')}
          aria-label={t('settings.search')}
          value={search.q ?? ''}
          onChange={(event) => {
            const q = event.currentTarget.value;
            void navigate({ search: (former) => ({ ...former, q: q === '' ? undefined : q }), replace: true });
          }}
        />
        <Switch
          label={t('settings.onlyChanged')}
          checked={search.changed === true}
          onChange={(event) => {
            const changed = event.currentTarget.checked ? true : undefined;
            void navigate({ search: (former) => ({ ...former, changed }), replace: true });
          }}
        />
      </Group>
      {shown.length === 0 && (
        <Empty
          icon={IconSettings}
          title={t('settings.nothingTitle')}
          action={
            <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
              {t('common.clear')}
            </Button>
          }
        >
          {t('settings.nothingLead')}
        </Empty>
      )}
      {settingGroups.map((group) => {
        const members = shown.filter((setting) => groupOf(setting.name) === group);
        return members.length === 0 ? null : (
          <Stack key={group} component="section" gap="xs" aria-labelledby={`group-${group}`}>
            <Title order={2} id={`group-${group}`}>
              {t(`settings.group.${group}`)}
            </Title>
            <Paper withBorder>
              {members.map((setting) => (
                <SettingField
                  key={setting.name}
                  setting={setting}
                  words={wordsOf(setting)}
                  draft={drafts.get(setting.name)}
                  problem={problemOf(setting.name)}
                  onChange={(value) => draft(setting.name, value)}
                />
              ))}
            </Paper>
          </Stack>
        );
      })}
      {drafts.size > 0 && (
        <Paper withBorder shadow="md" p="sm" className={classes['bar'] ?? ''} role="region" aria-label={t('common.unsaved')}>
          <Stack gap="sm">
            {change.error !== null && <FaultAlert fault={change.error} title={t('settings.notSaved')} />}
            <Group justify="space-between">
              <Text size="sm" fw={600} role="status">
                {t('settings.unsaved', { count: drafts.size })}
              </Text>
              <Group gap="sm">
                <Button
                  variant="default"
                  onClick={() => {
                    setDrafts(new Map());
                    change.reset();
                  }}
                >
                  {t('settings.discard')}
                </Button>
                <Button onClick={save} loading={change.isPending}>
                  {t('common.save')}
                </Button>
              </Group>
            </Group>
          </Stack>
        </Paper>
      )}
      <ConfirmDialog
        opened={blocker.status === 'blocked'}
        title={t('settings.leave')}
        confirmLabel={t('settings.discard')}
        danger
        onConfirm={() => blocker.proceed?.()}
        onClose={() => blocker.reset?.()}
      >
        {t('common.unsaved')}
      </ConfirmDialog>
    </Stack>
  );
}

/** Sizes are typed as people write them and sent as bytes; what is no size goes as it is, for the appliance to explain. */
function sendable(settings: readonly SettingEntry[], name: string, value: unknown): unknown {
  const kind = settings.find((setting) => setting.name === name)?.kind;
  return kind === 'bytes' && typeof value === 'string' ? (tryBytes(value) ?? value) : value;
}
