/** Where a copy of all mail goes. */
import { Button, Card, Group, Stack, TagsInput, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../components/fault-alert.tsx';
import type { Fault } from '../lib/fault.ts';
import { notifyDone } from '../lib/notify.ts';
import { type Person, updatePerson } from '../lib/people.ts';

export function ForwardsCard({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const known = person.targets ?? [];
  const [targets, setTargets] = useState<string[]>([...known]);
  const save = useMutation<void, Fault>({
    mutationFn: () => updatePerson(person.id, { targets }),
    onSuccess: async () => {
      notifyDone(t('people.saved'));
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  return (
    <Card component="section">
      <Title order={2}>{t('people.forward.title')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('people.forward.lead')}
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="md">
          {save.error !== null && <FaultAlert fault={save.error} title={t('people.notSaved')} />}
          <TagsInput
            label={t('people.forward.to')}
            description={t('people.forward.help')}
            placeholder="home@example.net"
            value={targets}
            onChange={setTargets}
            splitChars={[',', ';', ' ']}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={targets.join('\n') === known.join('\n')}>
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
