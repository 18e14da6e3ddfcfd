/** The steps of one message from top to bottom, the other server's own words included. */
import { Box, Code, CopyButton, Button, Group, Text, Timeline } from '@mantine/core';
import {
  IconArrowForwardUp,
  IconCheck,
  IconClock,
  IconCopy,
  IconFilter,
  IconInbox,
  IconMailX,
  IconSend,
  IconX,
  type Icon,
} from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../lib/format.ts';
import type { Trace, TraceStep } from './api.ts';
import { isFailure } from './outcome.ts';

const icons: Readonly<Record<string, Icon>> = {
  accepted: IconInbox,
  refused: IconX,
  delivered: IconCheck,
  rule: IconFilter,
  queued: IconClock,
  attempt: IconSend,
  notice: IconArrowForwardUp,
};
const knownKinds = ['accepted', 'refused', 'delivered', 'rule', 'queued', 'attempt', 'notice'] as const;
type KnownKind = (typeof knownKinds)[number];
const shownApart = new Set([
  'at',
  'kind',
  'to',
  'text',
  'server',
  'outcome',
  'status',
  'rule',
  'attempt',
  'from',
  'subject',
  'messageId',
]);

export function Way({ trace }: { trace: Trace }): ReactElement {
  const { t } = useTranslation();
  return (
    <Box px="xl" py="md">
      <Timeline active={trace.steps.length - 1} bulletSize={26} lineWidth={2}>
        {trace.steps.map((step, index) => (
          // Steps are only ever added at the end.
          <StepItem key={`${step.at} ${index}`} step={step} />
        ))}
      </Timeline>
      <Group mt="md" gap="md">
        {trace.messageId !== undefined && <Code>{trace.messageId}</Code>}
        <CopyButton value={JSON.stringify(trace, undefined, 2)}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" leftSection={<IconCopy size={14} aria-hidden />} onClick={copy}>
              {t(copied ? 'common.copied' : 'mail.trace.copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Box>
  );
}

function StepItem({ step }: { step: TraceStep }): ReactElement {
  const { t } = useTranslation();
  const { dateTime } = useFormats();
  const bad = isFailure(step) || step.kind === 'refused';
  const IconOf = bad ? IconMailX : (icons[step.kind] ?? IconCheck);
  const to = step.to === undefined ? '' : typeof step.to === 'string' ? step.to : step.to.join(', ');
  const known = (knownKinds as readonly string[]).includes(step.kind);
  const more = Object.entries(step).filter(([name, value]) => !shownApart.has(name) && value !== '' && value !== null);
  return (
    <Timeline.Item
      bullet={<IconOf size={14} aria-hidden />}
      color={bad ? 'red' : 'mallard'}
      title={
        <Text span fw={600} size="sm">
          {known ? t(`mail.step.${step.kind as KnownKind}`) : step.kind}
          {step.outcome !== undefined && step.outcome !== 'delivered' && ` · ${outcomeWord(t, step.outcome)}`}
          {to !== '' && ` · ${to}`}
        </Text>
      }
    >
      <Text size="xs" c="dimmed">
        {dateTime(step.at)}
        {step.attempt !== undefined && ` · ${t('mail.step.attemptNumber', { number: step.attempt })}`}
        {step.rule !== undefined && ` · ${step.rule}`}
      </Text>
      {(step.text ?? '') !== '' && (
        <Code block mt={4}>
          {[step.server, step.status, step.text].filter((part) => part !== undefined && part !== '').join(' · ')}
        </Code>
      )}
      {more.length > 0 && (
        <Text size="xs" c="dimmed" mt={2} style={{ overflowWrap: 'anywhere' }}>
          {more.map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' · ')}
        </Text>
      )}
    </Timeline.Item>
  );
}

const knownOutcomes = [
  'sent',
  'deferred',
  'failed',
  'over-quota',
  'rejected',
  'discarded',
  'redirected',
  'passed-on',
  'loop',
  'too-big',
  'unavailable',
] as const;
type KnownOutcome = (typeof knownOutcomes)[number];

function outcomeWord(t: TFunction, outcome: string): string {
  return (knownOutcomes as readonly string[]).includes(outcome) ? t(`mail.stepOutcome.${outcome as KnownOutcome}`) : outcome;
}
