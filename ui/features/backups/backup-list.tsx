/** The backups of the folder, newest first, with what can be done with each. */
import { Badge, Button, Group, Table, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconClock } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { routes } from '../../../app/appliance/control/contract.ts';
import type { ListedBackup } from '../../../app/appliance/control/contract-backup.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { control } from '../../lib/control.ts';
import { useFormats } from '../../lib/format.ts';
import { notifyFailed } from '../../lib/notify.ts';
import { useBackupDeed } from './api.ts';

export interface BackupListProps {
  readonly backups: readonly ListedBackup[];
  /** The folder's key is here, and nothing else runs. */
  readonly usable: boolean;
  readonly onVerify: (id: string) => void;
  readonly onRestore: (id: string) => void;
}

const marks = {
  complete: <IconCheck size={12} aria-hidden />,
  incomplete: <IconClock size={12} aria-hidden />,
  damaged: <IconAlertTriangle size={12} aria-hidden />,
} as const;

export function BackupList({ backups, usable, onVerify, onRestore }: BackupListProps): ReactElement {
  const { t } = useTranslation();
  const { bytes, number, dateTime } = useFormats();
  const [removing, setRemoving] = useState<string>();
  const remove = useBackupDeed((id: string) => control(routes.removeBackup, { name: id }));
  const nameOf = (each: ListedBackup): string => (each.state === 'complete' ? dateTime(each.startedAt) : each.id);
  return (
    <>
      <Table.ScrollContainer minWidth={640}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('backups.list.made')}</Table.Th>
              <Table.Th>{t('backups.list.state')}</Table.Th>
              <Table.Th>{t('backups.list.inside')}</Table.Th>
              <Table.Th>{t('backups.list.size')}</Table.Th>
              <Table.Th>{t('backups.list.deeds')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {backups.map((each) => (
              <Table.Tr key={each.id}>
                <Table.Td>{nameOf(each)}</Table.Td>
                <Table.Td>
                  <Badge variant="default" leftSection={marks[each.state]}>
                    {t(`backups.list.states.${each.state}`)}
                  </Badge>
                  {each.state === 'damaged' && (
                    <Text size="xs" c="dimmed">
                      {each.reason}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  {each.state === 'complete' &&
                    t('backups.list.counts', { people: number(each.counts.users), messages: number(each.counts.messages) })}
                </Table.Td>
                <Table.Td>
                  {each.state === 'complete' && (
                    <>
                      <Text size="sm">{bytes(each.bytes)}</Text>
                      <Text size="xs" c="dimmed">
                        {t('backups.list.added', { size: bytes(each.addedBytes) })}
                      </Text>
                    </>
                  )}
                </Table.Td>
                <Table.Td>
                  <Group gap="xs" wrap="nowrap">
                    {each.state === 'complete' && (
                      <>
                        <Button
                          size="xs"
                          variant="light"
                          disabled={!usable}
                          aria-label={t('backups.list.restoreOf', { name: nameOf(each) })}
                          onClick={() => onRestore(each.id)}
                        >
                          {t('backups.list.restore')}
                        </Button>
                        <Button
                          size="xs"
                          variant="default"
                          disabled={!usable}
                          aria-label={t('backups.list.verifyOf', { name: nameOf(each) })}
                          onClick={() => onVerify(each.id)}
                        >
                          {t('backups.list.verify')}
                        </Button>
                      </>
                    )}
                    <Button
                      size="xs"
                      variant="subtle"
                      color="red"
                      disabled={!usable}
                      aria-label={t('backups.list.removeOf', { name: nameOf(each) })}
                      onClick={() => setRemoving(each.id)}
                    >
                      {t('backups.list.remove')}
                    </Button>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('backups.list.removeTitle')}
        confirmLabel={t('backups.list.remove')}
        danger
        busy={remove.isPending}
        onClose={() => setRemoving(undefined)}
        onConfirm={() =>
          remove.mutate(removing ?? '', {
            onSuccess: () => setRemoving(undefined),
            onError: (fault) => notifyFailed(t('backups.jobFailed'), fault.message),
          })
        }
      >
        {t('backups.list.removeLead')}
      </ConfirmDialog>
    </>
  );
}
