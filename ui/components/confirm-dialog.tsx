/** Asks before something that disturbs or destroys. With `typed`, the button works only after the given name was typed. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type ReactElement, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';

export interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly title: string;
  readonly children: ReactNode;
  readonly confirmLabel: string;
  readonly danger?: boolean;
  readonly busy?: boolean;
  /** What must be typed, for deeds that cannot be undone. */
  readonly typed?: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

export function ConfirmDialog(props: ConfirmDialogProps): ReactElement {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={<Text fw={650}>{props.title}</Text>} centered>
      <ConfirmBody {...props} />
    </Modal>
  );
}

function ConfirmBody({
  children,
  confirmLabel,
  danger = false,
  busy = false,
  typed,
  onConfirm,
  onClose,
}: ConfirmDialogProps): ReactElement {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed === undefined || text.trim() === typed) onConfirm();
      }}
    >
      <Stack gap="md">
        <Text component="div" size="sm">
          {children}
        </Text>
        {typed !== undefined && (
          <TextInput
            label={t('common.typeToConfirm', { typed })}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} {...(typed === undefined ? { 'data-autofocus': true } : {})}>
            {t('common.cancel')}
          </Button>
          <Button
            type="submit"
            {...(danger ? { color: 'red' } : {})}
            loading={busy}
            disabled={typed !== undefined && text.trim() !== typed}
          >
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
