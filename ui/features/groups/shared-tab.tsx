/** Shared mailboxes: whose they are, and who else may read or change them. In mail programs they appear among the others' mailboxes (IMAP ACL). */
import { ActionIcon, Button, Card, Group, Select, Skeleton, Stack, Text, Title, Tooltip } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconFolderShare, IconPlus, IconX } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import type { Fault } from '../../lib/fault.ts';
import { specialOf } from '../../lib/mailboxes.ts';
import { type AccessSize, accessSizes, setShare, type Share, type SharedMailbox, sharesQuery } from './api.ts';
import { ShareDialog } from './share-dialog.tsx';

export function SharedTab(): ReactElement {
  const { t } = useTranslation();
  const shares = useQuery(sharesQuery);
  const [sharing, setSharing] = useState(false);
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setSharing(true)}>
      {t('groups.shared.add')}
    </Button>
  );
  return (
    <>
      {shares.data === undefined ? (
        shares.error === null ? (
          <Skeleton height={200} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={shares.error} onRetry={() => void shares.refetch()} />
        )
      ) : shares.data.length === 0 ? (
        <Empty icon={IconFolderShare} title={t('groups.shared.emptyTitle')} action={add}>
          {t('groups.shared.emptyLead')}
        </Empty>
      ) : (
        <Stack gap="md">
          <Group justify="space-between">
            <Text c="dimmed" size="sm" maw="70ch">
              {t('groups.shared.lead')}
            </Text>
            {add}
          </Group>
          {shares.data.map((mailbox) => (
            <SharedCard key={mailbox.mailbox} mailbox={mailbox} />
          ))}
        </Stack>
      )}
      {sharing && <ShareDialog onClose={() => setSharing(false)} />}
    </>
  );
}

function SharedCard({ mailbox }: { mailbox: SharedMailbox }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const special = specialOf(mailbox);
  const path = special === undefined ? mailbox.path : t(`mailbox.${special}`);
  const owner = mailbox.name === '' ? mailbox.username : mailbox.name;
  const change = useMutation<void, Fault, { member: string; access: AccessSize | 'none' }>({
    mutationFn: ({ member, access }) => setShare(mailbox.user, mailbox.mailbox, member, access),
    onSettled: () => client.invalidateQueries({ queryKey: sharesQuery.queryKey }),
  });
  const nameOf = ({ member, name, username, address }: Share): string =>
    member === 'anyone' ? t('groups.shared.anyone') : name === undefined || name === '' ? (address ?? username ?? member) : name;
  return (
    <Card component="section" aria-label={`${path}, ${owner}`}>
      <Title order={2}>{path}</Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('groups.shared.of', { name: owner, address: mailbox.address })}
      </Text>
      {change.error !== null && <FaultAlert fault={change.error} title={t('people.notSaved')} />}
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
        {mailbox.shares.map((share) => (
          <Group component="li" key={share.member} justify="space-between">
            <div>
              <Text size="sm" fw={500}>
                {nameOf(share)}
              </Text>
              <Text size="sm" c="dimmed">
                {share.address}
              </Text>
            </div>
            <Group gap="xs">
              <Select
                aria-label={t('groups.shared.accessOf', { name: nameOf(share) })}
                w={210}
                allowDeselect={false}
                value={share.access}
                onChange={(access) => change.mutate({ member: share.member, access: (access ?? 'read') as AccessSize })}
                data={[
                  ...accessSizes.map((size) => ({ value: size as string, label: t(`groups.access.${size}`) })),
                  ...(share.access === 'custom'
                    ? [{ value: 'custom', label: t('groups.access.custom', { rights: share.rights }), disabled: true }]
                    : []),
                ]}
              />
              <Tooltip label={t('groups.shared.end', { name: nameOf(share) })}>
                <ActionIcon
                  variant="subtle"
                  color="red"
                  aria-label={t('groups.shared.end', { name: nameOf(share) })}
                  onClick={() => change.mutate({ member: share.member, access: 'none' })}
                >
                  <IconX size={17} aria-hidden />
                </ActionIcon>
              </Tooltip>
            </Group>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
