/** Name, quota, state. */
import { Button, Card, DataList, Group, SimpleGrid, Stack, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { QuotaBar } from '../../components/quota-bar.tsx';
import { quotaBytes, QuotaField, type QuotaValue } from '../../components/quota-field.tsx';
import type { Fault } from '../../lib/fault.ts';
import { formats } from '../../lib/format.ts';
import { notifyDone } from '../../lib/notify.ts';
import { type Person, type PersonChange, quotaOf, updatePerson } from '../../lib/people.ts';
import { PersonMarks } from './person-row.tsx';

export function OverviewTab({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const quota = quotaOf(person);
  const [name, setName] = useState(person.name ?? '');
  const [wanted, setWanted] = useState<QuotaValue>(() => quotaText(quota.allowed));
  const save = useMutation<void, Fault, PersonChange>({
    mutationFn: (change) => updatePerson(person.id, change),
    onSuccess: async () => {
      notifyDone(t('people.saved'));
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  const bytes = quotaBytes(wanted);
  const change: PersonChange = {
    ...(name.trim() === (person.name ?? '') ? {} : { name: name.trim() }),
    ...(bytes === undefined || bytes === (quota.allowed ?? 0) ? {} : { quota: bytes }),
  };
  const changed = Object.keys(change).length > 0;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Card component="section">
        <Title order={2} mb="md">
          {t('people.overview.now')}
        </Title>
        <Stack gap="lg">
          <QuotaBar {...quota} large />
          <DataList orientation="horizontal">
            <DataList.Item>
              <DataList.ItemLabel>{t('people.column.state')}</DataList.ItemLabel>
              <DataList.ItemValue>
                <PersonMarks person={person} />
              </DataList.ItemValue>
            </DataList.Item>
            <DataList.Item>
              <DataList.ItemLabel>{t('people.field.username')}</DataList.ItemLabel>
              <DataList.ItemValue>{person.username}</DataList.ItemValue>
            </DataList.Item>
            <DataList.Item>
              <DataList.ItemLabel>{t('people.field.twoFactor')}</DataList.ItemLabel>
              <DataList.ItemValue>{(person.enabled2fa?.length ?? 0) > 0 ? t('common.yes') : t('common.no')}</DataList.ItemValue>
            </DataList.Item>
            {(person.tags?.length ?? 0) > 0 && (
              <DataList.Item>
                <DataList.ItemLabel>{t('people.field.tags')}</DataList.ItemLabel>
                <DataList.ItemValue>{person.tags?.join(', ')}</DataList.ItemValue>
              </DataList.Item>
            )}
          </DataList>
        </Stack>
      </Card>
      <Card component="section">
        <Title order={2} mb="md">
          {t('people.overview.change')}
        </Title>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate(change);
          }}
        >
          <Stack gap="md">
            {save.error !== null && <FaultAlert fault={save.error} title={t('people.notSaved')} />}
            <TextInput
              label={t('people.field.name')}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={save.error?.fields['name']}
              autoComplete="off"
            />
            <QuotaField value={wanted} onChange={setWanted} />
            <Group justify="flex-end">
              <Button type="submit" disabled={!changed || bytes === undefined} loading={save.isPending}>
                {t('common.save')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Card>
    </SimpleGrid>
  );
}

/** English digits: what is shown must be readable back. */
function quotaText(allowed: number | undefined): QuotaValue {
  return allowed === undefined ? { limited: false, text: '5 GB' } : { limited: true, text: formats('en').bytes(allowed) };
}
