/** The page for who is not signed in: the password or a passkey; on the computer itself also a link that works once. */
import { Alert, Anchor, Button, Card, Center, Code, Divider, Group, List, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconKey, IconRefresh } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Logo } from '../components/logo.tsx';
import { FaultAlert } from '../components/fault-alert.tsx';
import { LanguageMenu, ColorSchemeMenu } from '../components/preferences.tsx';
import type { SessionInfo } from '../../app/appliance/control/contract-access.ts';
import type { Fault } from '../lib/fault.ts';
import { PasswordForm } from './password-form.tsx';
import { linkSecret } from './sign-in-link.ts';

export interface SignInProps {
  /** Undefined while it is not known. */
  readonly session: SessionInfo | undefined;
  readonly fault: Fault | null;
  readonly onLink: (secret: string) => void;
  readonly onRetry: (() => void) | undefined;
}

export function SignIn({ session, fault, onLink, onRetry }: SignInProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Center mih="100vh" p="md" component="main">
      <title>{t('signIn.title')}</title>
      <Card w="100%" maw={480} padding="xl" shadow="sm">
        <Stack gap="lg">
          <Group justify="space-between">
            <Logo />
            <Group gap={4}>
              <LanguageMenu />
              <ColorSchemeMenu />
            </Group>
          </Group>
          <div>
            <Title order={1}>{t('signIn.title')}</Title>
            <Text c="dimmed" mt={4}>
              {t('signIn.lead')}
            </Text>
          </div>
          {fault !== null && (
            <FaultAlert
              fault={fault}
              {...(fault.status === 401 ? { title: t('signIn.usedLink'), advice: t('signIn.usedLinkAdvice') } : {})}
            />
          )}
          {onRetry !== undefined && (
            <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={onRetry}>
              {t('common.tryAgain')}
            </Button>
          )}
          {session?.passwordSet === true && <PasswordForm session={session} />}
          {session?.here === false && !session.passwordSet && (
            <Alert color="orange" title={t('signIn.noPassword')}>
              <Text size="sm">
                <Trans i18nKey="signIn.noPasswordAdvice" components={{ code: <Code /> }} />
              </Text>
            </Alert>
          )}
          {session?.here !== false && <ByLink onLink={onLink} divided={session?.passwordSet === true} />}
          <Text size="sm" c="dimmed">
            {t('signIn.forPeople')}{' '}
            <Anchor href="/me" inherit underline="always">
              {t('signIn.toMail')}
            </Anchor>
          </Text>
        </Stack>
      </Card>
    </Center>
  );
}

/** Only on the computer itself. */
function ByLink({ onLink, divided }: { onLink: (secret: string) => void; divided: boolean }): ReactElement {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (): void => {
    const secret = linkSecret(text);
    setWrong(secret === undefined);
    if (secret !== undefined) onLink(secret);
  };
  return (
    <>
      {divided && <Divider label={t('signIn.or')} />}
      <List type="ordered" spacing="xs" size="sm">
        <List.Item>{t('signIn.stepApp')}</List.Item>
        <List.Item>
          <Trans i18nKey="signIn.stepTerminal" components={{ code: <Code /> }} />
        </List.Item>
      </List>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t('signIn.paste')}
            placeholder="http://127.0.0.1:8090/#signin=…"
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setWrong(false);
            }}
            error={wrong ? t('signIn.notALink') : undefined}
            autoComplete="off"
            spellCheck={false}
          />
          <Button type="submit" leftSection={<IconKey size={16} aria-hidden />} disabled={text.trim() === ''}>
            {t('signIn.openLink')}
          </Button>
        </Stack>
      </form>
      <Alert variant="light" color="gray" p="sm">
        <Text size="sm">{t('signIn.why')}</Text>
      </Alert>
    </>
  );
}
