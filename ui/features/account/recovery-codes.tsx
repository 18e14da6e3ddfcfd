/** The codes to keep for the day when the phone or the key is lost: shown this once. */
import { Alert, Button, Code, SimpleGrid, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { downloadText } from '../../lib/download.ts';

export function RecoveryCodes({ codes, address }: { codes: readonly string[]; address: string }): ReactElement {
  const { t } = useTranslation();
  return (
    <Alert color="mallard" title={t('me.codes.recoveryTitle')} role="status">
      <Text size="sm" mb="sm">
        {t('me.codes.recoveryLead')}
      </Text>
      <SimpleGrid cols={2} spacing={6} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {codes.map((code) => (
          <li key={code}>
            <Code fz="sm">{code}</Code>
          </li>
        ))}
      </SimpleGrid>
      <Button
        mt="sm"
        size="xs"
        variant="default"
        leftSection={<IconDownload size={15} aria-hidden />}
        onClick={() =>
          downloadText(
            'mallard-recovery-codes.txt',
            'text/plain',
            `${t('me.codes.recoveryTitle')}: ${address}\r\n\r\n${codes.join('\r\n')}\r\n`,
          )
        }
      >
        {t('me.codes.save')}
      </Button>
    </Alert>
  );
}
