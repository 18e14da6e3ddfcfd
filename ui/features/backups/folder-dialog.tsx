/** Chooses the folder and its passphrase; a new folder shows its recovery key, which must be kept. */
import { Alert, Button, Checkbox, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { routes } from '../../../app/appliance/control/contract.ts';
import { CopyValue } from '../../components/copy-value.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { control } from '../../lib/control.ts';
import { useBackupDeed } from './api.ts';

export interface FolderDialogProps {
  readonly opened: boolean;
  readonly folder: string;
  readonly onClose: () => void;
}

export function FolderDialog(props: FolderDialogProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={<Text fw={650}>{t('backups.folder.title')}</Text>}
      centered
      size="lg"
    >
      <FolderBody {...props} />
    </Modal>
  );
}

function FolderBody({ folder: before, onClose }: FolderDialogProps): ReactElement {
  const { t } = useTranslation();
  const [folder, setFolder] = useState(before);
  const [passphrase, setPassphrase] = useState('');
  const [kept, setKept] = useState(false);
  const use = useBackupDeed((input: { folder: string; passphrase: string }) => control(routes.useBackupFolder, { body: input }));
  const recoveryKey = use.data?.recoveryKey;
  if (recoveryKey !== undefined) {
    return (
      <Stack gap="md">
        <Alert color="orange" title={t('backups.folder.keyTitle')}>
          {t('backups.folder.keyLead')}
        </Alert>
        <CopyValue value={recoveryKey} label={t('backups.folder.key')} />
        <Checkbox label={t('backups.folder.kept')} checked={kept} onChange={(event) => setKept(event.currentTarget.checked)} />
        <Group justify="flex-end">
          <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
            {t('common.print')}
          </Button>
          <Button disabled={!kept} onClick={onClose}>
            {t('common.done')}
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        use.mutate({ folder: folder.trim(), passphrase }, { onSuccess: (answer) => (answer.created ? undefined : onClose()) });
      }}
    >
      <Stack gap="md">
        <Text size="sm">{t('backups.folder.lead')}</Text>
        {use.error !== null && <FaultAlert fault={use.error} />}
        <TextInput
          label={t('backups.folder.path')}
          description={t('backups.folder.pathHelp')}
          value={folder}
          onChange={(event) => setFolder(event.currentTarget.value)}
          required
          spellCheck={false}
          data-autofocus
        />
        <PasswordInput
          label={t('backups.folder.passphrase')}
          description={t('backups.folder.passphraseHelp')}
          value={passphrase}
          onChange={(event) => setPassphrase(event.currentTarget.value)}
          required
          autoComplete="new-password"
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={use.isPending} disabled={folder.trim() === '' || passphrase === ''}>
            {t('backups.folder.use')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
