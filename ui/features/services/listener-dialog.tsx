/** Port and reach of one protocol. */
import { Alert, Button, Group, Modal, NumberInput, Radio, Stack, Text, TextInput } from '@mantine/core';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import type { Listener, Reach } from '../../lib/listeners.ts';
import { notifyDone } from '../../lib/notify.ts';
import { useChangeSettings, useSettings } from '../../lib/queries.ts';

interface Props {
  readonly listener: Listener;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function ListenerDialog({ listener, opened, onClose }: Props): ReactElement {
  const { t } = useTranslation();
  const title = t('services.change', { name: t(`listener.${listener.name}.title`) });
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>{title}</Text>} centered>
      <DialogBody listener={listener} onClose={onClose} />
    </Modal>
  );
}

function DialogBody({ listener, onClose }: Omit<Props, 'opened'>): ReactElement {
  const { t } = useTranslation();
  const settings = useSettings();
  const change = useChangeSettings();
  const { name } = listener;
  const usual = Number(settings?.get(`${name}.port`)?.default ?? 0);
  const [port, setPort] = useState<string | number>(
    listener.portIsDefault ? (listener.endpoint?.port ?? usual) : listener.wantedPort,
  );
  const [reach, setReach] = useState<Reach>(listener.reach);
  const [address, setAddress] = useState(listener.reach === 'address' ? listener.host : '');
  const open = name === 'lmtp' || name === 'api';
  const save = (values: Record<string, unknown>): void =>
    change.mutate(values, {
      onSuccess: () => {
        notifyDone(t('services.saved', { name: t(`listener.${name}.title`) }));
        onClose();
      },
    });
  const changes = (): Record<string, unknown> => {
    const host = reach === 'network' ? 'any' : reach === 'here' ? 'localhost' : address.trim();
    const shownPort = listener.portIsDefault ? listener.endpoint?.port : listener.wantedPort;
    return {
      ...(host === listener.host ? {} : { [`${name}.host`]: host }),
      ...(Number(port) === shownPort ? {} : { [`${name}.port`]: Number(port) }),
    };
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const values = changes();
        if (Object.keys(values).length === 0) onClose();
        else save(values);
      }}
    >
      <Stack gap="md">
        {change.error !== null && <FaultAlert fault={change.error} title={t('services.notSaved')} />}
        <NumberInput
          label={t('services.portLabel')}
          description={t('services.portHelp', { usual })}
          value={port}
          onChange={setPort}
          min={0}
          max={65_535}
          allowDecimal={false}
          allowNegative={false}
          required
          data-autofocus
        />
        <Radio.Group label={t('services.reachLabel')} value={reach} onChange={(value) => setReach(value as Reach)}>
          <Stack gap="xs" mt="xs">
            {(['here', 'network', 'address'] as const).map((each) => (
              <Radio key={each} value={each} label={t(`services.reach.${each}`)} description={t(`services.reachHelp.${each}`)} />
            ))}
          </Stack>
        </Radio.Group>
        {reach === 'address' && (
          <TextInput
            label={t('services.addressLabel')}
            placeholder="192.168.1.10"
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
            required
            spellCheck={false}
          />
        )}
        {open && reach !== 'here' && <Alert color="orange">{t(`services.openWarning.${name}`)}</Alert>}
        <Text size="sm" c="dimmed">
          {t('services.saveEffect')}
        </Text>
        <Group justify="space-between">
          <Button variant="subtle" color="gray" onClick={() => save({ [`${name}.port`]: null, [`${name}.host`]: null })}>
            {t('services.toDefaults')}
          </Button>
          <Group gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={change.isPending}>
              {t('common.save')}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
