/** One protocol: on or off, where it is reached, by whom, and how it is protected. Never optimistic: the card shows what the appliance says. */
import { ActionIcon, Button, Card, Group, Stack, Switch, Text, Title, Tooltip } from '@mantine/core';
import {
  IconAdjustments,
  IconLock,
  IconLockOpen,
  IconWorld,
  IconDeviceDesktop,
  IconNetwork,
  IconUsers,
} from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { StateBadge } from '../../components/state-badge.tsx';
import { useFaultWords } from '../../lib/fault-words.ts';
import type { Listener } from '../../lib/listeners.ts';
import { notifyDone, notifyFailed } from '../../lib/notify.ts';
import { useChangeSettings } from '../../lib/queries.ts';
import { TestDialog } from './test-dialog.tsx';
import { ListenerDialog } from './listener-dialog.tsx';

const reachIcons = { here: IconDeviceDesktop, network: IconNetwork, address: IconWorld } as const;

export function ListenerCard({ listener, clients }: { listener: Listener; clients?: number | undefined }): ReactElement {
  const { t } = useTranslation();
  const change = useChangeSettings();
  const words = useFaultWords();
  const [editing, setEditing] = useState(false);
  const [testing, setTesting] = useState(false);
  const { name, endpoint } = listener;
  const title = t(`listener.${name}.title`);
  const ReachIcon = reachIcons[listener.reach];
  const toggle = (enabled: boolean): void =>
    change.mutate(
      { [`${name}.enabled`]: enabled },
      {
        onSuccess: () => notifyDone(t(enabled ? 'services.turnedOn' : 'services.turnedOff', { name: title })),
        onError: (fault) => notifyFailed(t('services.notChanged', { name: title }), fault.message || words(fault).advice),
      },
    );
  const tls = endpoint?.tls;

  return (
    <Card component="article" aria-label={title}>
      <Stack gap="sm" h="100%">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <Title order={3}>{title}</Title>
            <Text size="sm" c="dimmed">
              {t(`listener.${name}.what`)}
            </Text>
          </div>
          <Switch
            checked={listener.enabled}
            disabled={change.isPending}
            onChange={(event) => toggle(event.currentTarget.checked)}
            aria-label={t('services.toggle', { name: title })}
            size="md"
            pt={2}
          />
        </Group>
        <Group gap="xs" mt="auto">
          <StateBadge state={listener.state} />
          {endpoint !== undefined && (
            <Text fw={600} aria-label={t('services.portIs', { port: endpoint.port })}>
              {t('services.port', { port: endpoint.port })}
            </Text>
          )}
        </Group>
        <Group justify="space-between" wrap="nowrap" align="flex-end">
          <Stack gap={4}>
            <Detail icon={<ReachIcon size={16} stroke={1.7} aria-hidden />}>
              {listener.reach === 'address' ? listener.host : t(`services.reach.${listener.reach}`)}
            </Detail>
            {clients !== undefined && endpoint !== undefined && (
              <Detail icon={<IconUsers size={16} stroke={1.7} aria-hidden />}>{t('services.clients', { count: clients })}</Detail>
            )}
            {tls !== undefined && (
              <Detail
                icon={
                  tls === 'none' ? (
                    <IconLockOpen size={16} stroke={1.7} aria-hidden />
                  ) : (
                    <IconLock size={16} stroke={1.7} aria-hidden />
                  )
                }
              >
                {t(`services.tls.${tls}`)}
              </Detail>
            )}
          </Stack>
          <Group gap={6} wrap="nowrap">
            {name !== 'api' && (
              <Button
                size="compact-sm"
                variant="default"
                disabled={endpoint === undefined}
                onClick={() => setTesting(true)}
                aria-label={t('services.test.title', { name: title })}
              >
                {t('services.test.button')}
              </Button>
            )}
            <Tooltip label={t('services.change', { name: title })}>
              <ActionIcon variant="default" aria-label={t('services.change', { name: title })} onClick={() => setEditing(true)}>
                <IconAdjustments size={17} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </Group>
        </Group>
      </Stack>
      <TestDialog name={name} title={title} opened={testing} onClose={() => setTesting(false)} />
      <ListenerDialog listener={listener} opened={editing} onClose={() => setEditing(false)} />
    </Card>
  );
}

function Detail({ icon, children }: { icon: ReactElement; children: string }): ReactElement {
  return (
    <Group gap={6} wrap="nowrap" c="dimmed">
      {icon}
      <Text size="sm" c="dimmed">
        {children}
      </Text>
    </Group>
  );
}
