/** The keys of the webmail, in a dialog. */
import { Kbd, Modal, Table, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';

const keys = [
  ['next', ['J', '↓']],
  ['previous', ['K', '↑']],
  ['open', ['Enter']],
  ['back', ['U']],
  ['compose', ['C']],
  ['reply', ['R']],
  ['replyAll', ['A']],
  ['forward', ['F']],
  ['search', ['/']],
  ['choose', ['X']],
  ['flag', ['S']],
  ['unseen', ['Shift+U']],
  ['archive', ['E']],
  ['delete', ['#', 'Del']],
  ['junk', ['!']],
  ['send', ['Ctrl+Enter']],
  ['help', ['?']],
] as const;

export function Shortcuts({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>{t('webmail.keys.title')}</Text>}>
      <Table verticalSpacing={6} aria-label={t('webmail.keys.title')}>
        <Table.Tbody>
          {keys.map(([name, options]) => (
            <Table.Tr key={name}>
              <Table.Td>{t(`webmail.keys.${name}`)}</Table.Td>
              <Table.Td ta="right">
                {options.map((key) => (
                  <Kbd key={key} ml={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
