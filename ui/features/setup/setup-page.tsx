/** The first steps. Back and next lose nothing; nothing is written before the last button; it can be run again at any time. */
import { Alert, Button, Card, Group, Skeleton, Stack, Stepper, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { IconArrowLeft, IconArrowRight } from '@tabler/icons-react';
import { type ReactElement, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SettingEntry } from '../../../app/appliance/control/contract.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { makePassword, peopleSearchQuery } from '../../lib/people.ts';
import { sessionQuery, settingsQuery } from '../../lib/queries.ts';
import { ApplyStep } from './apply-step.tsx';
import { CheckStep } from './check-step.tsx';
import { FolderStep } from './folder-step.tsx';
import { MailboxStep } from './mailbox-step.tsx';
import { NameStep } from './name-step.tsx';
import { type Answers, answersFrom, problemOf } from './setup-plan.ts';
import { UsageStep } from './usage-step.tsx';
import { WelcomeStep } from './welcome-step.tsx';

export const steps = ['welcome', 'usage', 'check', 'folder', 'name', 'mailbox', 'apply'] as const;

export function SetupPage(): ReactElement {
  const { t } = useTranslation();
  const settings = useQuery(settingsQuery);
  const session = useQuery(sessionQuery);
  const people = useQuery(peopleSearchQuery('', 1));
  const fault = settings.error ?? people.error;
  return (
    <Page title={t('setup.title')} lead={t('setup.lead')}>
      {fault !== null ? (
        <FaultAlert
          fault={fault}
          title={t('setup.notLoaded')}
          onRetry={() => void Promise.all([settings.refetch(), people.refetch()])}
        />
      ) : settings.data === undefined || people.data === undefined ? (
        <Skeleton height={420} role="status" aria-label={t('common.loading')} />
      ) : (
        <Steps
          settings={new Map(settings.data.map((each) => [each.name, each]))}
          isFirst={people.data.total === 0}
          passwordMissing={session.data?.passwordSet === false}
        />
      )}
    </Page>
  );
}

function Steps({
  settings,
  isFirst,
  passwordMissing,
}: {
  settings: ReadonlyMap<string, SettingEntry>;
  isFirst: boolean;
  passwordMissing: boolean;
}): ReactElement {
  const { t } = useTranslation();
  const [step, setStep] = useState(0);
  // As it was at the beginning: setting it at the end takes no step away.
  const [asksPassword] = useState(passwordMissing);
  const [tried, setTried] = useState(false);
  const [answers, setAnswers] = useState<Answers>(() => ({
    ...answersFrom(settings),
    person: isFirst ? { name: '', address: '', password: makePassword(), quota: 0 } : undefined,
  }));
  const wide = useMediaQuery('(min-width: 1100px)');
  const body = useRef<HTMLDivElement>(null);
  const problem = problemOf(step, answers);
  const change = (part: Partial<Answers>): void => setAnswers((former) => ({ ...former, ...part }));
  const go = (to: number): void => {
    setTried(false);
    setStep(to);
  };
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    body.current?.focus();
  }, [step]);
  const next = (): void => {
    if (problem !== undefined) setTried(true);
    else go(step + 1);
  };
  const shownProblem = tried ? problem : undefined;
  const name = steps[step] ?? 'welcome';

  return (
    <Stack gap="lg" maw={1080}>
      <Stepper
        active={step}
        onStepClick={(to) => to < step && go(to)}
        size="sm"
        iconSize={30}
        {...(wide === true ? {} : { orientation: 'vertical' as const, hiddenFrom: 'xl' })}
        aria-label={t('setup.progress', { step: step + 1, all: steps.length })}
      >
        {steps.map((each, index) => (
          <Stepper.Step key={each} label={t(`setup.step.${each}`)} allowStepSelect={index < step} />
        ))}
      </Stepper>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (step < steps.length - 1) next();
        }}
      >
        <Card padding="xl" radius="lg">
          <Stack gap="lg">
            <div ref={body} tabIndex={-1} style={{ outline: 'none' }} role="group" aria-label={t(`setup.step.${name}`)}>
              {name === 'welcome' && <WelcomeStep />}
              {name === 'usage' && <UsageStep answers={answers} onChange={change} problem={shownProblem} />}
              {name === 'check' && <CheckStep />}
              {name === 'folder' && <FolderStep />}
              {name === 'name' && <NameStep answers={answers} onChange={change} problem={shownProblem} />}
              {name === 'mailbox' && (
                <MailboxStep
                  answers={answers}
                  onChange={change}
                  problem={shownProblem}
                  isFirst={isFirst}
                  asksPassword={asksPassword}
                />
              )}
              {name === 'apply' && <ApplyStep answers={answers} settings={settings} onChange={change} />}
            </div>
            {name !== 'apply' && (
              <>
                {shownProblem !== undefined && (
                  <Alert color="red" role="alert" p="sm">
                    <Text size="sm">{t(`setup.problem.${shownProblem}`)}</Text>
                  </Alert>
                )}
                <Group justify="space-between">
                  <Button
                    variant="default"
                    leftSection={<IconArrowLeft size={16} aria-hidden />}
                    disabled={step === 0}
                    onClick={() => go(step - 1)}
                  >
                    {t('common.back')}
                  </Button>
                  <Button type="submit" rightSection={<IconArrowRight size={16} aria-hidden />}>
                    {t('common.next')}
                  </Button>
                </Group>
              </>
            )}
            {name === 'apply' && (
              <Group>
                <Button variant="default" leftSection={<IconArrowLeft size={16} aria-hidden />} onClick={() => go(step - 1)}>
                  {t('common.back')}
                </Button>
              </Group>
            )}
          </Stack>
        </Card>
      </form>
    </Stack>
  );
}
