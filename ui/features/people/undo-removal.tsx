/** Shown after a person was removed: the way back, as long as the server has one. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconArrowBackUp } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { displayName, type Person } from '../../lib/people.ts';
import { restorePerson } from './api.ts';

export function UndoRemoval({ person, onUndone }: { person: Person; onUndone: () => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const name = displayName(person);
  const undo = useMutation<void, Fault>({
    mutationFn: () => restorePerson(person.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['people'] });
      notifyDone(t('people.did.restore', { name }));
      onUndone();
    },
  });
  return (
    <Page title={t('people.did.remove', { name })}>
      {undo.error !== null && <FaultAlert fault={undo.error} title={t('people.notRestored', { name })} />}
      <Alert>
        <Text size="sm">{t('people.removedLead')}</Text>
        <Group mt="md">
          <Button
            variant="default"
            leftSection={<IconArrowBackUp size={16} aria-hidden />}
            loading={undo.isPending}
            onClick={() => undo.mutate()}
          >
            {t('people.undo')}
          </Button>
          <Button renderRoot={(props) => <Link to="/people" search={{}} {...props} />}>{t('people.back')}</Button>
        </Group>
      </Alert>
    </Page>
  );
}
