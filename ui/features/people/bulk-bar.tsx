/** What can be done with several people at once. Appears when somebody is chosen. */
import { Button, Group, Modal, Paper, Progress, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDownload, IconLogout, IconTrash, IconUserCheck, IconUserOff, IconX, IconDatabase } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { quotaBytes, QuotaField, type QuotaValue } from '../../components/quota-field.tsx';
import { writeCsv } from '../../lib/csv.ts';
import { downloadText } from '../../lib/download.ts';
import { useFaultWords } from '../../lib/fault-words.ts';
import { inTurn, type Outcome } from '../../lib/in-turn.ts';
import { notifyDone, notifyFailed } from '../../lib/notify.ts';
import { displayName, type PersonEntry, quotaOf, removePerson, signOutPerson, updatePerson } from '../../lib/people.ts';
import classes from './people.module.css';

type Deed = 'enable' | 'disable' | 'signOut' | 'quota' | 'remove';

export function BulkBar({ chosen, onDone }: { chosen: readonly PersonEntry[]; onDone: () => void }): ReactElement | null {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = useFaultWords();
  const [asked, setAsked] = useState<Deed>();
  const [quota, setQuota] = useState<QuotaValue>({ limited: true, text: '5 GB' });
  const [progress, setProgress] = useState(0);
  const run = useMutation<readonly Outcome<PersonEntry>[], Error, Deed>({
    mutationFn: (deed) => inTurn(chosen, (person) => act(deed, person, quotaBytes(quota) ?? 0), setProgress),
    onSuccess: async (outcomes, deed) => {
      setAsked(undefined);
      setProgress(0);
      const failed = outcomes.filter((outcome) => outcome.fault !== undefined);
      const first = failed[0];
      if (first?.fault === undefined) notifyDone(t(`people.bulk.done.${deed}`, { count: outcomes.length }));
      else
        notifyFailed(
          t('people.bulk.failed', { count: failed.length }),
          `${displayName(first.item)}: ${words(first.fault).what} ${words(first.fault).advice}`,
        );
      if (deed === 'remove') onDone();
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  if (chosen.length === 0) return null;
  const exportCsv = (): void =>
    downloadText(
      'people.csv',
      'text/csv',
      writeCsv([
        ['address', 'name', 'quota', 'used', 'disabled', 'last sign-in'],
        ...chosen.map((person) => [
          person.address ?? person.username,
          person.name ?? '',
          String(quotaOf(person).allowed ?? 0),
          String(quotaOf(person).used),
          String(person.disabled === true),
          person.lastSignIn ?? '',
        ]),
      ]),
    );
  return (
    <Paper withBorder shadow="md" p="sm" className={classes['bulk'] ?? ''} role="region" aria-label={t('people.bulk.title')}>
      <Group justify="space-between">
        <Text fw={600} role="status">
          {t('people.bulk.chosen', { count: chosen.length })}
        </Text>
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconDatabase size={15} aria-hidden />}
            onClick={() => setAsked('quota')}
          >
            {t('people.bulk.quota')}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconUserCheck size={15} aria-hidden />}
            onClick={() => run.mutate('enable')}
          >
            {t('people.bulk.enable')}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconUserOff size={15} aria-hidden />}
            onClick={() => setAsked('disable')}
          >
            {t('people.bulk.disable')}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconLogout size={15} aria-hidden />}
            onClick={() => setAsked('signOut')}
          >
            {t('people.bulk.signOut')}
          </Button>
          <Button size="xs" variant="default" leftSection={<IconDownload size={15} aria-hidden />} onClick={exportCsv}>
            {t('people.bulk.export')}
          </Button>
          <Button
            size="xs"
            color="red"
            variant="light"
            leftSection={<IconTrash size={15} aria-hidden />}
            onClick={() => setAsked('remove')}
          >
            {t('people.bulk.remove')}
          </Button>
          <Button size="xs" variant="subtle" color="gray" leftSection={<IconX size={15} aria-hidden />} onClick={onDone}>
            {t('people.bulk.none')}
          </Button>
        </Group>
      </Group>
      {run.isPending && (
        <Progress
          mt="sm"
          value={(progress / chosen.length) * 100}
          aria-label={t('people.bulk.progress', { done: progress, all: chosen.length })}
        />
      )}
      <ConfirmDialog
        opened={asked !== undefined && asked !== 'quota'}
        title={asked === undefined ? '' : t(`people.bulk.ask.${asked}`, { count: chosen.length })}
        confirmLabel={asked === undefined ? '' : t(`people.bulk.${asked}`)}
        danger={asked === 'remove'}
        busy={run.isPending}
        {...(asked === 'remove' ? { typed: String(chosen.length) } : {})}
        onConfirm={() => asked !== undefined && run.mutate(asked)}
        onClose={() => setAsked(undefined)}
      >
        {asked === undefined ? '' : t(`people.bulk.effect.${asked}`)}
      </ConfirmDialog>
      <Modal
        opened={asked === 'quota'}
        onClose={() => setAsked(undefined)}
        title={<Text fw={650}>{t('people.bulk.ask.quota', { count: chosen.length })}</Text>}
        centered
      >
        <Stack>
          <QuotaField value={quota} onChange={setQuota} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsked(undefined)}>
              {t('common.cancel')}
            </Button>
            <Button loading={run.isPending} disabled={quotaBytes(quota) === undefined} onClick={() => run.mutate('quota')}>
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Paper>
  );
}

async function act(deed: Deed, person: PersonEntry, quota: number): Promise<void> {
  if (deed === 'remove') return removePerson(person.id);
  if (deed === 'signOut') return signOutPerson(person.id);
  return updatePerson(person.id, deed === 'quota' ? { quota } : { disabled: deed === 'disable' });
}
