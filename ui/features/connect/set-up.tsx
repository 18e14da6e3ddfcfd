/** The values for one device, the steps for its program, and the wait for its first sign-in. */
import { Alert, Button, Divider, Group, List, Loader, Select, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconBrandApple, IconCertificate, IconCircleCheck, IconDownload } from '@tabler/icons-react';
import { Fragment, lazy, type ReactElement, type ReactNode, Suspense, useEffect, useState } from 'react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { CopyValue } from '../../components/copy-value.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { announce } from '../../lib/announce.tsx';
import { downloadBase64 } from '../../lib/download.ts';
import { latestSignInQuery } from './latest-sign-in.ts';
import { appPasswordsQuery, lastUseOf, type MadeAppPassword } from '../../lib/app-passwords.ts';
import { displayName, type Person } from '../../lib/people.ts';
import classes from './connect.module.css';
import { Step } from './step.tsx';
import {
  type ClientName,
  deviceValues,
  type DeviceValues,
  type MailServer,
  serverNames,
  type ServerValues,
  thunderbirdQr,
} from './device-values.ts';

const Qr = lazy(async () => ({ default: (await import('../../components/qr.tsx')).Qr }));

interface SetUpProps {
  readonly person: Person;
  readonly client: ClientName;
  /** Undefined: the person's own password is used. */
  readonly made: MadeAppPassword | undefined;
  readonly server: MailServer;
  /** The number of the first step here. */
  readonly first: number;
  /** Draws what would make it fail, where that is known. */
  readonly warning?: (values: DeviceValues) => ReactNode;
}

type Owned = Pick<SetUpProps, 'person' | 'client'>;

export function SetUp({ person, client, made, server: status, first, warning }: SetUpProps): ReactElement {
  const { t } = useTranslation();
  const names = serverNames(status, window.location.hostname);
  const [server, setServer] = useState(names[0] ?? '');
  const values = deviceValues(status, person, client, server);
  const code = client === 'android' ? thunderbirdQr(status, person, values, made?.password) : undefined;
  const steps = t(`device.client.${client}.steps`).split('\n');
  return (
    <>
      <Step number={first} title={t('device.values')}>
        <Stack gap="md">
          {warning?.(values)}
          {names.length > 1 && (
            <Select
              label={t('device.reachedAs')}
              description={t('device.reachedAsHelp')}
              maw={460}
              allowDeselect={false}
              value={server}
              onChange={(value) => setServer(value ?? server)}
              data={[...names]}
            />
          )}
          <Group align="flex-start" gap="xl">
            <Stack gap="md" flex={1} miw={280}>
              <Values title={t('device.account')}>
                {[
                  [t('people.field.address'), person.address ?? person.username],
                  [t('device.field.user'), values.user],
                  ...(made === undefined ? [] : [[t('device.field.password'), made.password]]),
                ]}
              </Values>
              {values.incoming !== undefined && (
                <ServerBlock title={t('device.incoming', { protocol: 'IMAP' })} values={values.incoming} />
              )}
              {values.outgoing !== undefined && <ServerBlock title={t('device.outgoing')} values={values.outgoing} />}
            </Stack>
            <Stack gap={6} w={200} align="center">
              <Suspense fallback={<Loader size="sm" />}>
                <Qr
                  text={code ?? asText(t, person, values, made?.password)}
                  label={t(code === undefined ? 'device.qr' : 'device.qrThunderbird')}
                />
              </Suspense>
              <Text size="xs" c="dimmed" ta="center">
                {t(code === undefined ? 'device.qrHelp' : 'device.qrThunderbirdHelp')}
              </Text>
            </Stack>
          </Group>
        </Stack>
      </Step>
      <Step number={first + 1} title={t('device.steps', { client: t(`device.client.${client}.name`) })}>
        <Stack gap="md">
          <List type="ordered" spacing={6}>
            {steps.map((step) => (
              <List.Item key={step}>{step}</List.Item>
            ))}
          </List>
          {client === 'apple' && made?.mobileconfig !== undefined && (
            <AppleProfile profile={made.mobileconfig} address={person.address ?? person.username} />
          )}
          <Alert color="gray" icon={<IconCertificate aria-hidden />} title={t('device.authority')}>
            <Text size="sm">{t('device.authorityLead')}</Text>
            <Group mt="sm">
              <Button size="xs" variant="default" component="a" href="/control/authority.crt" download>
                {t('device.authorityGet')}
              </Button>
            </Group>
            <Text size="sm" mt="sm" style={{ whiteSpace: 'pre-line' }}>
              {t('device.authorityHow')}
            </Text>
          </Alert>
        </Stack>
      </Step>
      <Step number={first + 2} title={t('device.check')}>
        {made === undefined ? (
          <FirstActivity person={person} client={client} />
        ) : (
          <FirstSignIn person={person} made={made} client={client} />
        )}
      </Step>
    </>
  );
}

/** All of the above as one file that Apple's devices install. */
function AppleProfile({ profile, address }: { profile: string; address: string }): ReactElement {
  const { t } = useTranslation();
  return (
    <Alert icon={<IconBrandApple aria-hidden />} title={t('device.profile')}>
      <Text size="sm">{t('device.profileLead')}</Text>
      <Button
        mt="sm"
        size="xs"
        leftSection={<IconDownload size={15} aria-hidden />}
        onClick={() => downloadBase64(`${address}.mobileconfig`, 'application/x-apple-aspen-config', profile)}
      >
        {t('device.profileGet')}
      </Button>
    </Alert>
  );
}

function Values({ title, children }: { title: string; children: readonly (readonly string[])[] }): ReactElement {
  return (
    <div>
      <Title order={3} fz="sm" mb={6}>
        {title}
      </Title>
      <div className={classes['value']}>
        {children.map(([label = '', value = '']) => (
          <Fragment key={label}>
            <Text size="sm" c="dimmed">
              {label}
            </Text>
            <CopyValue value={value} label={label} />
          </Fragment>
        ))}
      </div>
    </div>
  );
}

function ServerBlock({ title, values }: { title: string; values: ServerValues }): ReactElement {
  const { t } = useTranslation();
  return (
    <>
      <Divider />
      <Values title={title}>
        {[
          [t('device.field.server'), values.server],
          [t('device.field.port'), String(values.port)],
          [t('device.field.security'), t(`device.tls.${values.tls}`)],
        ]}
      </Values>
    </>
  );
}

/** With a password of the device's own, the first use of that password is the sign-in. */
function FirstSignIn({ person, made, client }: Owned & { made: MadeAppPassword }): ReactElement {
  const passwords = useQuery({ ...appPasswordsQuery(person.id), refetchInterval: 2000 });
  const entry = passwords.data?.find(({ id }) => id === made.id);
  return <Waiting person={person} client={client} used={entry === undefined ? undefined : lastUseOf(entry)} />;
}

/** With the person's own password, the next sign-in of that person is taken for it. */
function FirstActivity({ person, client }: Owned): ReactElement {
  const [begun] = useState(Date.now);
  const latest = useQuery({ ...latestSignInQuery(person.id), refetchInterval: 2000 }).data;
  const isNew = typeof latest === 'string' && new Date(latest).getTime() >= begun - 1000;
  return <Waiting person={person} client={client} used={isNew ? latest : undefined} />;
}

function Waiting({ person, client, used }: Owned & { used: string | undefined }): ReactElement {
  const { t } = useTranslation();
  const name = t(`device.client.${client}.name`);
  useEffect(() => {
    if (used !== undefined) announce(t('device.connected', { name: displayName(person), client: name }));
  }, [used, t, person, name]);
  return used === undefined ? (
    <Group gap="sm" role="status">
      <Loader size="sm" />
      <Text>{t('device.waiting')}</Text>
    </Group>
  ) : (
    <Alert icon={<IconCircleCheck aria-hidden />} title={t('device.connected', { name: displayName(person), client: name })}>
      <Text size="sm">
        {t('device.firstSignIn')} <RelativeTime at={used} />
      </Text>
    </Alert>
  );
}

function asText(t: TFunction, person: Person, values: DeviceValues, password: string | undefined): string {
  const server = (title: string, each: ServerValues | undefined): string[] =>
    each === undefined
      ? []
      : ['', title, `${each.server}`, `${t('device.field.port')} ${each.port}`, t(`device.tls.${each.tls}`)];
  return [
    person.address ?? person.username,
    `${t('device.field.user')}: ${values.user}`,
    ...(password === undefined ? [] : [`${t('device.field.password')}: ${password}`]),
    ...server(t('device.incoming', { protocol: 'IMAP' }), values.incoming),
    ...server(t('device.outgoing'), values.outgoing),
  ].join('\n');
}
