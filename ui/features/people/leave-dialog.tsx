/** Somebody leaves: shut all ways in, pass the mail on, tell who writes, and remove the mailbox, of which everything can be brought back for a month. */
import { Alert, Button, Checkbox, Group, List, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { removeAppPassword } from '../../lib/app-passwords.ts';
import { appPasswordsQuery } from '../../lib/app-passwords.ts';
import type { Fault } from '../../lib/fault.ts';
import { displayName, makePassword, type Person, signOutPerson, turnOffSecondFactor, updatePerson } from '../../lib/people.ts';
import { setAutoreply } from './api.ts';

export function LeaveDialog({
  person,
  opened,
  onClose,
  onRemove,
}: {
  person: Person;
  opened: boolean;
  onClose: () => void;
  onRemove: () => void;
}): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={<Text fw={650}>{t('people.leave.title', { name: displayName(person) })}</Text>}
    >
      <Body person={person} onClose={onClose} onRemove={onRemove} />
    </Modal>
  );
}

function Body({ person, onClose, onRemove }: { person: Person; onClose: () => void; onRemove: () => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [shut, setShut] = useState(true);
  const [forward, setForward] = useState('');
  const [reply, setReply] = useState('');
  const go = useMutation<void, Fault>({
    mutationFn: async () => {
      // First what protects: each part can be repeated when a later one fails.
      if (shut) {
        await updatePerson(person.id, { password: makePassword() });
        for (const { id } of await client.fetchQuery(appPasswordsQuery(person.id))) await removeAppPassword(person.id, id);
        if ((person.enabled2fa?.length ?? 0) > 0) await turnOffSecondFactor(person.id);
        await signOutPerson(person.id);
      }
      if (forward.trim() !== '')
        await updatePerson(person.id, { targets: [...new Set([...(person.targets ?? []), forward.trim()])] });
      if (reply.trim() !== '') await setAutoreply(person.id, reply.trim());
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['people'] }),
  });
  if (go.isSuccess) {
    return (
      <Stack>
        <Alert title={t('people.leave.done')}>
          <List size="sm">
            {shut && <List.Item>{t('people.leave.didShut')}</List.Item>}
            {forward.trim() !== '' && <List.Item>{t('people.leave.didForward', { to: forward.trim() })}</List.Item>}
            {reply.trim() !== '' && <List.Item>{t('people.leave.didReply')}</List.Item>}
          </List>
        </Alert>
        <Text size="sm">{t('people.leave.thenRemove')}</Text>
        <Group justify="flex-end">
          <Button variant="light" color="red" onClick={onRemove}>
            {t('people.leave.remove')}
          </Button>
          <Button onClick={onClose}>{t('people.leave.keep')}</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go.mutate();
      }}
    >
      <Stack gap="md">
        {go.error !== null && <FaultAlert fault={go.error} title={t('people.leave.failed')} />}
        <Checkbox
          checked={shut}
          onChange={(event) => setShut(event.currentTarget.checked)}
          label={t('people.leave.shut')}
          description={t('people.leave.shutHelp')}
        />
        <TextInput
          label={t('people.leave.forward')}
          description={t('people.leave.forwardHelp')}
          placeholder="colleague@example.org"
          type="email"
          value={forward}
          onChange={(event) => setForward(event.currentTarget.value)}
          error={go.error?.fields['targets']}
          spellCheck={false}
        />
        <Textarea
          label={t('people.leave.reply')}
          description={t('people.leave.replyHelp')}
          value={reply}
          onChange={(event) => setReply(event.currentTarget.value)}
          autosize
          minRows={3}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={go.isPending} disabled={!shut && forward.trim() === '' && reply.trim() === ''}>
            {t('people.leave.go')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
