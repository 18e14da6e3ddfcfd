/** The automatic reply: text, and from when to when. */
import { Button, Card, Group, Skeleton, Stack, Switch, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../components/fault-alert.tsx';
import type { Fault } from '../lib/fault.ts';
import { notifyDone } from '../lib/notify.ts';
import type { Person } from '../lib/people.ts';
import { type Autoreply, autoreplyQuery, saveAutoreply } from './autoreply.ts';

export function AutoreplyCard({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const autoreply = useQuery(autoreplyQuery(person.id));
  return (
    <Card component="section">
      <Title order={2}>{t('people.autoreply.title')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('people.autoreply.lead')}
      </Text>
      {autoreply.data === undefined ? (
        autoreply.error === null ? (
          <Skeleton height={220} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={autoreply.error} onRetry={() => void autoreply.refetch()} />
        )
      ) : (
        <AutoreplyForm person={person} autoreply={autoreply.data} />
      )}
    </Card>
  );
}

function AutoreplyForm({ person, autoreply }: { person: Person; autoreply: Autoreply }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [wanted, setWanted] = useState(autoreply);
  const save = useMutation<void, Fault, Autoreply>({
    mutationFn: (value) => saveAutoreply(person.id, value),
    onSuccess: async () => {
      notifyDone(t('people.saved'));
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  const day = (value: string | false | undefined): string => (typeof value === 'string' ? value.slice(0, 10) : '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(wanted);
      }}
    >
      <Stack gap="md">
        {save.error !== null && <FaultAlert fault={save.error} title={t('people.notSaved')} />}
        <Switch
          label={t('people.autoreply.on')}
          checked={wanted.status}
          onChange={(event) => setWanted({ ...wanted, status: event.currentTarget.checked })}
        />
        <TextInput
          label={t('people.autoreply.subject')}
          placeholder={t('people.autoreply.subjectExample')}
          value={wanted.subject ?? ''}
          onChange={(event) => setWanted({ ...wanted, subject: event.currentTarget.value })}
        />
        <Textarea
          label={t('people.autoreply.text')}
          autosize
          minRows={4}
          maxRows={14}
          value={wanted.text ?? ''}
          onChange={(event) => setWanted({ ...wanted, text: event.currentTarget.value })}
        />
        <Group grow>
          <TextInput
            type="date"
            label={t('people.autoreply.from')}
            value={day(wanted.start)}
            onChange={(event) => setWanted({ ...wanted, start: event.currentTarget.value || false })}
          />
          <TextInput
            type="date"
            label={t('people.autoreply.until')}
            value={day(wanted.end)}
            onChange={(event) => setWanted({ ...wanted, end: event.currentTarget.value || false })}
          />
        </Group>
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending} disabled={wanted === autoreply}>
            {t('common.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
