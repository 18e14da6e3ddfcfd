/** A password for one device, and from there on its values. */
import { Alert, Button, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconKey } from '@tabler/icons-react';
import { type ReactElement, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { appPasswordsQuery, type MadeAppPassword, makeAppPassword } from '../../lib/app-passwords.ts';
import { useHas } from '../../lib/capabilities.ts';
import type { Fault } from '../../lib/fault.ts';
import type { Person } from '../../lib/people.ts';
import { type ClientName, type DeviceValues, type MailServer, scopesOf } from './device-values.ts';
import { SetUp } from './set-up.tsx';
import { Step } from './step.tsx';

interface PasswordStepProps {
  readonly person: Person;
  readonly client: ClientName;
  readonly server: MailServer;
  readonly warning?: (values: DeviceValues) => ReactNode;
  /** The number of this step: who has chosen a person before is at 3. */
  readonly first?: number;
}

export function PasswordStep({ person, client, server, warning, first = 3 }: PasswordStepProps): ReactElement {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [own, setOwn] = useState(false);
  const canMake = useHas()('POST /users/{user}/asps');
  const make = useMutation<MadeAppPassword, Fault>({
    mutationFn: () => makeAppPassword(person.id, t(`device.client.${client}.name`), scopesOf[client], client === 'apple'),
    onSuccess: () => queries.invalidateQueries({ queryKey: appPasswordsQuery(person.id).queryKey }),
  });
  return (
    <>
      <Step number={first} title={t('device.password')}>
        {canMake === false || own ? (
          <Stack gap="sm" align="flex-start">
            <Text size="sm">{t('device.ownPassword')}</Text>
            {!own && <Button onClick={() => setOwn(true)}>{t('device.show')}</Button>}
          </Stack>
        ) : make.data === undefined ? (
          <Stack gap="sm" align="flex-start">
            <Text size="sm" c="dimmed">
              {t('device.passwordLead')}
            </Text>
            {make.error !== null && <FaultAlert fault={make.error} title={t('device.notMade')} />}
            {person.disabled === true && <Alert color="orange">{t('device.disabled')}</Alert>}
            <Button
              leftSection={<IconKey size={16} aria-hidden />}
              loading={make.isPending || canMake === undefined}
              onClick={() => make.mutate()}
            >
              {t('device.make')}
            </Button>
          </Stack>
        ) : (
          <Text size="sm">{t('device.made')}</Text>
        )}
      </Step>
      {(make.data !== undefined || own) && (
        <SetUp
          person={person}
          client={client}
          made={make.data}
          server={server}
          first={first + 1}
          {...(warning === undefined ? {} : { warning })}
        />
      )}
    </>
  );
}
