/** The page on which people sign in to their mail: address and password, then the second factor where there is one. */
import { Anchor, Button, Card, Center, Checkbox, Group, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconFingerprint, IconLogin2, IconRefresh } from '@tabler/icons-react';
import { type ReactElement, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../components/fault-alert.tsx';
import { Logo } from '../components/logo.tsx';
import { ColorSchemeMenu, LanguageMenu } from '../components/preferences.tsx';
import { type Fault, faultOf } from '../lib/fault.ts';
import { meQuery, showCode, showRecoveryCode, signInUser } from '../lib/me.ts';
import { hasPasskeys, showPasskey } from '../lib/passkeys.ts';

export interface UserSignInProps {
  readonly fault: Fault | null;
  readonly onRetry: (() => void) | undefined;
}

export function UserSignIn({ fault, onRetry }: UserSignInProps): ReactElement {
  const { t } = useTranslation();
  const [needs, setNeeds] = useState<readonly string[]>();
  return (
    <Center mih="100vh" p="md" component="main">
      <title>{t('me.signIn.title')}</title>
      <Card w="100%" maw={440} padding="xl" shadow="sm">
        <Stack gap="lg">
          <Group justify="space-between">
            <Logo />
            <Group gap={4}>
              <LanguageMenu />
              <ColorSchemeMenu />
            </Group>
          </Group>
          {fault !== null && <FaultAlert fault={fault} />}
          {onRetry !== undefined && (
            <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={onRetry}>
              {t('common.tryAgain')}
            </Button>
          )}
          {needs === undefined ? (
            <PasswordForm onNeeds={setNeeds} />
          ) : (
            <SecondFactorForm needs={needs} onBack={() => setNeeds(undefined)} />
          )}
          <Text size="sm" c="dimmed">
            {t('me.signIn.forAdmins')}{' '}
            <Anchor href="/" inherit underline="always">
              {t('me.signIn.toAdministration')}
            </Anchor>
          </Text>
        </Stack>
      </Card>
    </Center>
  );
}

function Head({ title, lead }: { title: string; lead: ReactNode }): ReactElement {
  return (
    <div>
      <Title order={1}>{title}</Title>
      <Text c="dimmed" mt={4}>
        {lead}
      </Text>
    </div>
  );
}

function PasswordForm({ onNeeds }: { onNeeds: (needs: readonly string[]) => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [keep, setKeep] = useState(false);
  const signIn = useMutation({
    mutationFn: signInUser,
    onSuccess: async ({ needs }) => {
      if (needs.length > 0) onNeeds(needs);
      else await client.refetchQueries({ queryKey: meQuery.queryKey });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate({ username: username.trim(), password, keep });
      }}
    >
      <Stack gap="md">
        <Head title={t('me.signIn.title')} lead={t('me.signIn.lead')} />
        {signIn.error !== null && <FaultAlert fault={faultOf(signIn.error)} title={t('me.signIn.failed')} />}
        <TextInput
          label={t('people.field.address')}
          placeholder="anna@example.org"
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
          autoComplete="username"
          autoFocus
          spellCheck={false}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label={t('people.field.password')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': t('me.signIn.showPassword'), tabIndex: 0 }}
        />
        <Checkbox
          label={t('me.signIn.keep')}
          description={t('me.signIn.keepHelp')}
          checked={keep}
          onChange={(event) => setKeep(event.currentTarget.checked)}
        />
        <Button
          type="submit"
          leftSection={<IconLogin2 size={17} aria-hidden />}
          loading={signIn.isPending}
          disabled={username.trim() === '' || password === ''}
        >
          {t('me.signIn.submit')}
        </Button>
      </Stack>
    </form>
  );
}

function SecondFactorForm({ needs, onBack }: { needs: readonly string[]; onBack: () => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const hasCodes = needs.includes('totp');
  const [recovery, setRecovery] = useState(false);
  // Who has a key alone has recovery codes as well.
  const hasRecovery = hasCodes || needs.includes('webauthn');
  const asksText = hasCodes || recovery;
  const [code, setCode] = useState('');
  const show = useMutation({
    mutationFn: (kind: 'code' | 'key') => {
      if (kind === 'key') return showPasskey();
      return recovery ? showRecoveryCode(code.trim()) : showCode(code.replaceAll(/\s/g, ''));
    },
    onSuccess: () => client.refetchQueries({ queryKey: meQuery.queryKey }),
  });
  const canKey = needs.includes('webauthn') && hasPasskeys();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        show.mutate('code');
      }}
    >
      <Stack gap="md">
        <Head
          title={t('me.second.title')}
          lead={t(recovery ? 'me.second.recoveryLead' : hasCodes ? 'me.second.codeLead' : 'me.second.keyLead')}
        />
        {show.error !== null && (
          <FaultAlert fault={faultOf(show.error)} title={t('me.second.wrong')} advice={t('me.second.wrongAdvice')} />
        )}
        {asksText && (
          <>
            <TextInput
              key={String(recovery)}
              label={t(recovery ? 'me.second.recovery' : 'me.second.code')}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              inputMode={recovery ? 'text' : 'numeric'}
              autoComplete="one-time-code"
              autoFocus
              spellCheck={false}
            />
            <Button type="submit" loading={show.isPending} disabled={code.trim() === ''}>
              {t('me.signIn.submit')}
            </Button>
          </>
        )}
        {canKey && (
          <Button
            variant={asksText ? 'default' : 'filled'}
            leftSection={<IconFingerprint size={17} aria-hidden />}
            onClick={() => show.mutate('key')}
          >
            {t('me.second.useKey')}
          </Button>
        )}
        {!asksText && !canKey && <Text size="sm">{t('me.second.noKeyHere')}</Text>}
        <Group justify="space-between">
          {hasRecovery && (
            <Anchor
              component="button"
              type="button"
              size="sm"
              onClick={() => {
                setRecovery(!recovery);
                setCode('');
                show.reset();
              }}
            >
              {t(recovery ? (hasCodes ? 'me.second.withCode' : 'me.second.useKey') : 'me.second.withRecovery')}
            </Anchor>
          )}
          <Anchor component="button" type="button" size="sm" onClick={onBack}>
            {t('common.back')}
          </Anchor>
        </Group>
      </Stack>
    </form>
  );
}
