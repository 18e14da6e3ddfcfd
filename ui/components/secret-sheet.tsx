/** Something that is shown once and belongs on paper: a button prints that alone. */
import { Alert, Button, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconDownload, IconPrinter } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { downloadText } from '../lib/download.ts';
import { printText } from '../lib/print-text.ts';

export interface SecretSheetProps {
  readonly title: string;
  readonly lead: string;
  readonly fileName: string;
  readonly lines: readonly string[];
  readonly onDone?: () => void;
}

export function SecretSheet({ title, lead, fileName, lines, onDone }: SecretSheetProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Alert title={title} role="status">
      <Stack gap="sm">
        <Text size="sm">{lead}</Text>
        <SimpleGrid cols={{ base: 1, sm: lines.length > 1 ? 2 : 1 }} spacing={6}>
          {lines.map((line) => (
            <Code key={line} fz="md" p={6} ta="center">
              {line}
            </Code>
          ))}
        </SimpleGrid>
        <Group gap="xs">
          <Button
            size="xs"
            leftSection={<IconPrinter size={15} aria-hidden />}
            onClick={() => printText(title, [lead, '', ...lines, '', window.location.origin])}
          >
            {t('common.print')}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconDownload size={15} aria-hidden />}
            onClick={() => downloadText(fileName, 'text/plain', [title, lead, '', ...lines, ''].join('\n'))}
          >
            {t('common.saveFile')}
          </Button>
          {onDone !== undefined && (
            <Button size="xs" variant="subtle" onClick={onDone}>
              {t('common.done')}
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}
