/** One distribution list as a form: address, members, who may write. */
import { Button, Checkbox, Group, Modal, Radio, Skeleton, Stack, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { listQuery, saveList, type WantedList, type WholeList } from './api.ts';
import { membersIn } from './members.ts';

export function ListDialog({ id, onClose }: { id: string | undefined; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const list = useQuery({ ...listQuery(id ?? ''), enabled: id !== undefined });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={<Text fw={650}>{id === undefined ? t('groups.list.new') : (list.data?.address ?? '')}</Text>}
    >
      {id !== undefined && list.data === undefined ? (
        list.error === null ? (
          <Skeleton height={240} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={list.error} onRetry={() => void list.refetch()} />
        )
      ) : (
        <ListForm id={id} list={list.data} onClose={onClose} />
      )}
    </Modal>
  );
}

interface ListFormProps {
  readonly id: string | undefined;
  readonly list: WholeList | undefined;
  readonly onClose: () => void;
}

function ListForm({ id, list, onClose }: ListFormProps): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [address, setAddress] = useState(list?.address ?? '');
  const [name, setName] = useState(list?.name ?? '');
  const [members, setMembers] = useState((list?.members ?? []).join('\n'));
  const [posting, setPosting] = useState<WantedList['posting']>(list?.posting ?? 'members');
  const [moderated, setModerated] = useState(list?.moderated ?? false);
  const [moderators, setModerators] = useState<string[]>([...(list?.moderators ?? [])]);
  const [tried, setTried] = useState(false);
  const found = membersIn(members);
  const problems = {
    address: /^[^\s@]+@[^\s@]+$/.test(address.trim()) ? undefined : t('people.wrongAddress'),
    members: found.wrong.length > 0 ? t('groups.list.wrongMembers', { lines: found.wrong.slice(0, 3).join(', ') }) : undefined,
    moderators: moderators.length === 0 ? t('groups.list.noOwner') : undefined,
  };
  const save = useMutation<void, Fault>({
    mutationFn: () =>
      saveList(id, { address: address.trim(), name: name.trim(), members: found.members, posting, moderated, moderators }),
    onSuccess: async () => {
      notifyDone(t('people.saved'));
      await client.invalidateQueries({ queryKey: ['groups'] });
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (Object.values(problems).every((problem) => problem === undefined)) save.mutate();
      }}
    >
      <Stack gap="md">
        {save.error !== null && <FaultAlert fault={save.error} title={t('people.notSaved')} />}
        <TextInput
          label={t('people.field.address')}
          placeholder="team@example.org"
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          disabled={id !== undefined}
          error={tried ? problems.address : undefined}
          spellCheck={false}
          data-autofocus
        />
        <TextInput
          label={t('people.field.name')}
          placeholder={t('groups.list.nameExample')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={128}
        />
        <Textarea
          label={t('groups.list.membersLabel', { count: found.members.length })}
          description={t('groups.list.membersHelp')}
          autosize
          minRows={4}
          maxRows={14}
          value={members}
          onChange={(event) => setMembers(event.currentTarget.value)}
          error={tried ? problems.members : undefined}
          spellCheck={false}
        />
        <Radio.Group label={t('groups.list.posting')} value={posting} onChange={(value) => setPosting(value as 'anyone')}>
          <Group mt={6}>
            <Radio value="members" label={t('groups.posting.members')} />
            <Radio value="anyone" label={t('groups.posting.anyone')} />
          </Group>
        </Radio.Group>
        <Checkbox
          label={t('groups.list.moderate')}
          description={t('groups.list.moderateHelp')}
          checked={moderated}
          onChange={(event) => setModerated(event.currentTarget.checked)}
        />
        <TagsInput
          label={t('groups.list.owners')}
          description={t('groups.list.ownersHelp')}
          value={moderators}
          onChange={setModerators}
          splitChars={[',', ';', ' ']}
          acceptValueOnBlur
          error={tried ? problems.moderators : undefined}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('common.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
