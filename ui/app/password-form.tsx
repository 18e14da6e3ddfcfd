/** The administrator's password, the code of the second factor when it is asked for, a passkey, and the way back for who has lost them. */
import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { IconFingerprint, IconLogin2 } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionInfo } from '../../app/appliance/control/contract-access.ts';
import { routes } from '../../app/appliance/control/contract.ts';
import { FaultAlert } from '../components/fault-alert.tsx';
import { control } from '../lib/control.ts';
import type { Fault } from '../lib/fault.ts';
import { askForPasskey } from '../lib/passkey.ts';
import { sessionQuery } from '../lib/queries.ts';

export function PasswordForm({ session }: { session: SessionInfo }): ReactElement {
  const { t } = useTranslation();
  const [recovering, setRecovering] = useState(false);
  return (
    <Stack gap="sm">
      {recovering ? <Recovery /> : <Password session={session} />}
      <Anchor component="button" type="button" size="sm" ta="start" onClick={() => setRecovering(!recovering)}>
        {t(recovering ? 'signIn.toPassword' : 'signIn.forgot')}
      </Anchor>
    </Stack>
  );
}

function useEntered(): () => Promise<unknown> {
  const client = useQueryClient();
  return async () => {
    await client.cancelQueries({ queryKey: sessionQuery.queryKey });
    return client.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
}

function Password({ session }: { session: SessionInfo }): ReactElement {
  const { t } = useTranslation();
  const entered = useEntered();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [needsCode, setNeedsCode] = useState(false);
  const signIn = useMutation<{ signedIn: boolean; needsCode: boolean }, Fault>({
    mutationFn: () => control(routes.signInByPassword, { body: { password, ...(needsCode ? { code } : {}) } }),
    onSuccess: (answer) => (answer.signedIn ? entered() : setNeedsCode(answer.needsCode)),
  });
  const byPasskey = useMutation<unknown, Fault>({
    mutationFn: async () => {
      const { options } = await control(routes.askPasskey);
      return control(routes.signInByPasskey, { body: { response: await askForPasskey(options) } });
    },
    onSuccess: entered,
  });
  const fault = signIn.error ?? byPasskey.error;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        byPasskey.reset();
        signIn.mutate();
      }}
    >
      <Stack gap="sm">
        {fault !== null && <FaultAlert fault={fault} />}
        <PasswordInput
          label={t('signIn.password')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t('common.showPassword') }}
          required
        />
        {needsCode && (
          <TextInput
            label={t('signIn.code')}
            description={t('signIn.codeHelp')}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            autoComplete="one-time-code"
            inputMode="text"
            spellCheck={false}
            autoFocus
            required
          />
        )}
        <Button type="submit" loading={signIn.isPending} leftSection={<IconLogin2 size={16} aria-hidden />}>
          {t('signIn.submit')}
        </Button>
        {session.passkey && (
          <Button
            variant="default"
            loading={byPasskey.isPending}
            leftSection={<IconFingerprint size={16} aria-hidden />}
            onClick={() => {
              signIn.reset();
              byPasskey.mutate();
            }}
          >
            {t('signIn.passkey')}
          </Button>
        )}
      </Stack>
    </form>
  );
}

function Recovery(): ReactElement {
  const { t } = useTranslation();
  const entered = useEntered();
  const [key, setKey] = useState('');
  const [password, setPassword] = useState('');
  const recover = useMutation<unknown, Fault>({
    mutationFn: () => control(routes.recover, { body: { key, password } }),
    onSuccess: entered,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        recover.mutate();
      }}
    >
      <Stack gap="sm">
        <Alert color="gray" variant="light" p="sm">
          <Text size="sm">{t('signIn.recoveryLead')}</Text>
        </Alert>
        {recover.error !== null && <FaultAlert fault={recover.error} />}
        <TextInput
          label={t('signIn.recoveryKey')}
          placeholder="abcde-fghjk-…"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          required
        />
        <PasswordInput
          label={t('signIn.newPassword')}
          description={t('signIn.newPasswordHelp')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': t('common.showPassword') }}
          required
        />
        <Button type="submit" loading={recover.isPending}>
          {t('signIn.recover')}
        </Button>
      </Stack>
    </form>
  );
}
