/** Sharing a mailbox: whose, which, with whom, how much. */
import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PersonSelect } from '../../components/person-select.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import type { Fault } from '../../lib/fault.ts';
import { mailboxesQuery, specialOf } from '../../lib/mailboxes.ts';
import { notifyDone } from '../../lib/notify.ts';
import { personQuery } from '../../lib/people.ts';
import { type AccessSize, accessSizes, setShare } from './api.ts';

export function ShareDialog({ onClose }: { onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [owner, setOwner] = useState<string>();
  const [mailbox, setMailbox] = useState<string | null>(null);
  const [member, setMember] = useState<string>();
  const [access, setAccess] = useState<AccessSize>('read');
  const ownerPerson = useQuery({ ...personQuery(owner ?? ''), enabled: owner !== undefined }).data;
  const memberPerson = useQuery({ ...personQuery(member ?? ''), enabled: member !== undefined }).data;
  const mailboxes = useQuery({ ...mailboxesQuery(owner ?? ''), enabled: owner !== undefined });
  const share = useMutation<void, Fault>({
    mutationFn: () => setShare(owner ?? '', mailbox ?? '', member ?? '', access),
    onSuccess: async () => {
      notifyDone(t('people.saved'));
      await client.invalidateQueries({ queryKey: ['groups'] });
      onClose();
    },
  });
  const isSame = owner !== undefined && owner === member;
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>{t('groups.shared.add')}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          share.mutate();
        }}
      >
        <Stack gap="md">
          {share.error !== null && <FaultAlert fault={share.error} title={t('people.notSaved')} />}
          <PersonSelect
            label={t('groups.shared.owner')}
            person={ownerPerson}
            onChange={(id) => {
              setOwner(id);
              setMailbox(null);
            }}
          />
          <Select
            label={t('groups.shared.mailbox')}
            disabled={mailboxes.data === undefined}
            searchable
            value={mailbox}
            onChange={setMailbox}
            data={(mailboxes.data ?? []).map((one) => {
              const special = specialOf(one);
              return { value: one.id, label: special === undefined ? one.path : t(`mailbox.${special}`) };
            })}
          />
          <PersonSelect label={t('groups.shared.with')} person={memberPerson} onChange={setMember} />
          <Select
            label={t('groups.shared.access')}
            description={t(`groups.accessHelp.${access}`)}
            allowDeselect={false}
            value={access}
            onChange={(value) => setAccess((value ?? 'read') as AccessSize)}
            data={accessSizes.map((size) => ({ value: size, label: t(`groups.access.${size}`) }))}
          />
          {isSame && (
            <Text size="sm" c="var(--mantine-color-error)" role="alert">
              {t('groups.shared.same')}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button
              type="submit"
              loading={share.isPending}
              disabled={owner === undefined || mailbox === null || member === undefined || isSame}
            >
              {t('groups.shared.share')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
