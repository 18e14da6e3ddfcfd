/** A failure in words: what happened, why as far as it is known, what to do, and the server's own words as a detail. */
import { Alert, Button, Code, Group, Spoiler, Text } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { Fault } from '../lib/fault.ts';
import { useFaultWords } from '../lib/fault-words.ts';

export interface FaultAlertProps {
  readonly fault: Fault;
  /** What was being done, as a sentence: "The list could not be loaded." */
  readonly title?: string;
  readonly advice?: string;
  readonly onRetry?: (() => void) | undefined;
}

export function FaultAlert({ fault, title, advice, onRetry }: FaultAlertProps): ReactElement {
  const { t } = useTranslation();
  const words = useFaultWords()(fault);
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={title ?? words.what} role="alert">
      {title !== undefined && words.what !== title && advice === undefined && <Text size="sm">{words.what}</Text>}
      <Text size="sm">{advice ?? words.advice}</Text>
      {fault.message !== '' && (
        <Spoiler maxHeight={0} showLabel={t('common.details')} hideLabel={t('common.hideDetails')} mt={4} fz="sm">
          <Code block style={{ whiteSpace: 'pre-wrap' }}>
            {[fault.message, fault.allowed ?? '', `${fault.code}${fault.status > 0 ? ` · HTTP ${fault.status}` : ''}`]
              .filter((line) => line !== '')
              .join('\n')}
          </Code>
        </Spoiler>
      )}
      {onRetry !== undefined && (
        <Group mt="sm">
          <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRetry}>
            {t('common.tryAgain')}
          </Button>
        </Group>
      )}
    </Alert>
  );
}
