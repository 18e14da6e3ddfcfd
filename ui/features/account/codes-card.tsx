/** One-time codes from an app as a second factor: a QR code, the first code as the proof, and the codes to keep for the day when the phone is lost. */
import { Badge, Button, Card, Group, Image, List, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconShieldCheck } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { CopyValue } from '../../components/copy-value.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { meQuery } from '../../lib/me.ts';
import { notifyDone } from '../../lib/notify.ts';
import type { Person } from '../../lib/people.ts';
import { beginCodes, turnOffCodes, turnOnCodes } from './api.ts';
import { RecoveryCodes } from './recovery-codes.tsx';

export function CodesCard({ me }: { me: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isOn = me.enabled2fa?.includes('totp') === true;
  const [asked, setAsked] = useState(false);
  const [recovery, setRecovery] = useState<readonly string[]>();
  const begin = useMutation({ mutationFn: () => beginCodes(me.address ?? me.username) });
  const turnOff = useMutation<void, Fault>({
    mutationFn: turnOffCodes,
    onSuccess: async () => {
      setAsked(false);
      setRecovery(undefined);
      notifyDone(t('people.secondFactor.off'));
      await client.refetchQueries({ queryKey: meQuery.queryKey });
    },
  });
  return (
    <Card component="section">
      <Group justify="space-between">
        <Title order={2}>{t('me.codes.title')}</Title>
        {isOn && (
          <Badge leftSection={<IconShieldCheck size={13} aria-hidden />} variant="light">
            {t('me.codes.on')}
          </Badge>
        )}
      </Group>
      <Text c="dimmed" size="sm" mb="md">
        {t('me.codes.lead')}
      </Text>
      <Stack gap="md">
        {[begin.error, turnOff.error].map((error) =>
          error === null ? null : <FaultAlert key={error.message} fault={faultOf(error)} title={t('people.notSaved')} />,
        )}
        {recovery !== undefined && <RecoveryCodes codes={recovery} address={me.address ?? me.username} />}
        {isOn ? (
          <Group>
            <Button variant="default" onClick={() => setAsked(true)}>
              {t('people.secondFactor.turnOff')}
            </Button>
          </Group>
        ) : begin.data === undefined ? (
          <Group>
            <Button loading={begin.isPending} onClick={() => begin.mutate()}>
              {t('me.codes.begin')}
            </Button>
          </Group>
        ) : (
          <FirstCode
            seed={begin.data.seed}
            picture={begin.data.qrcode}
            onDone={(codes) => {
              setRecovery(codes);
              begin.reset();
              void client.refetchQueries({ queryKey: meQuery.queryKey });
            }}
          />
        )}
      </Stack>
      <ConfirmDialog
        opened={asked}
        title={t('me.codes.ask')}
        confirmLabel={t('people.secondFactor.turnOff')}
        danger
        busy={turnOff.isPending}
        onConfirm={() => turnOff.mutate()}
        onClose={() => setAsked(false)}
      >
        {t('me.codes.effect')}
      </ConfirmDialog>
    </Card>
  );
}

interface FirstCodeProps {
  readonly seed: string;
  readonly picture: string;
  readonly onDone: (recoveryCodes: readonly string[]) => void;
}

function FirstCode({ seed, picture, onDone }: FirstCodeProps): ReactElement {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const turnOn = useMutation<readonly string[], Fault>({
    mutationFn: () => turnOnCodes(code.replaceAll(/\s/g, '')),
    onSuccess: onDone,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        turnOn.mutate();
      }}
    >
      <Stack gap="sm">
        <List type="ordered" size="sm" spacing={4}>
          <List.Item>{t('me.codes.stepApp')}</List.Item>
          <List.Item>{t('me.codes.stepScan')}</List.Item>
          <List.Item>{t('me.codes.stepType')}</List.Item>
        </List>
        <Group align="flex-start">
          <Image src={picture} alt={t('me.codes.picture')} w={164} h={164} radius="md" bg="#fff" />
          <Stack gap={6} flex={1} miw={200}>
            <Text size="sm" c="dimmed">
              {t('me.codes.byHand')}
            </Text>
            <CopyValue value={seed} label={t('me.codes.seed')} />
          </Stack>
        </Group>
        {turnOn.error !== null && (
          <FaultAlert fault={faultOf(turnOn.error)} title={t('me.second.wrong')} advice={t('me.second.wrongAdvice')} />
        )}
        <Group align="flex-end" gap="xs">
          <TextInput
            label={t('me.second.code')}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            inputMode="numeric"
            autoComplete="one-time-code"
            spellCheck={false}
          />
          <Button type="submit" loading={turnOn.isPending} disabled={code.trim() === ''}>
            {t('me.codes.turnOn')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
