/** Sends the new person a message by the server's own means, and waits until it has arrived. */
import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { IconCircleCheck, IconMailForward } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { useHas } from '../../lib/capabilities.ts';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

const mailboxes = z.looseObject({ results: z.array(z.looseObject({ path: z.string(), total: z.number().optional() })) });

export function TestMessage({ user, address }: { user: string; address: string }): ReactElement | null {
  const { t } = useTranslation();
  const canSend = useHas()('POST /users/{user}/submit');
  const send = useMutation<unknown, Fault>({
    mutationFn: () =>
      requestJson(z.looseObject({}), 'POST', `/api/users/${user}/submit`, {
        body: { to: [{ address }], subject: t('setup.test.subject'), text: t('setup.test.text') },
      }),
  });
  const inbox = useQuery({
    queryKey: ['setup', 'inbox', user],
    queryFn: async ({ signal }) => {
      const { results } = await requestJson(mailboxes, 'GET', `/api/users/${user}/mailboxes`, {
        query: { counters: true },
        signal,
      });
      return results.find(({ path }) => path === 'INBOX')?.total ?? 0;
    },
    enabled: send.isSuccess,
    refetchInterval: (query) => ((query.state.data ?? 0) > 0 ? false : 1000),
  });
  if (canSend !== true) return null;
  return (
    <Stack gap="sm">
      {send.error !== null && <FaultAlert fault={send.error} title={t('setup.test.failed')} />}
      {!send.isSuccess ? (
        <Group>
          <Button
            variant="default"
            leftSection={<IconMailForward size={16} aria-hidden />}
            loading={send.isPending}
            onClick={() => send.mutate()}
          >
            {t('setup.test.send')}
          </Button>
        </Group>
      ) : (inbox.data ?? 0) > 0 ? (
        <Alert icon={<IconCircleCheck aria-hidden />} title={t('setup.test.arrived')} role="status" />
      ) : (
        <Group gap="xs" role="status">
          <Loader size="xs" />
          <Text size="sm">{t('setup.test.underway')}</Text>
        </Group>
      )}
    </Stack>
  );
}
