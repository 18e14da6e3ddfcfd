/** What stands in place of a screen: while it loads, when it broke, when there is none. */
import { Alert, Button, Center, Code, Group, Loader, Text } from '@mantine/core';
import { IconAlertTriangle, IconMap2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../components/empty.tsx';
import { Page } from '../components/page.tsx';

export function RoutePending(): ReactElement {
  const { t } = useTranslation();
  return (
    <Center h={240} role="status" aria-label={t('common.loading')}>
      <Loader />
    </Center>
  );
}

export function RouteFailed({ error }: { error: unknown }): ReactElement {
  const { t } = useTranslation();
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={t('route.failed')} role="alert">
      <Text size="sm">{t('route.failedAdvice')}</Text>
      <Code block mt="xs">
        {error instanceof Error ? error.message : String(error)}
      </Code>
      <Group mt="sm">
        <Button size="xs" variant="default" onClick={() => window.location.reload()}>
          {t('route.reload')}
        </Button>
      </Group>
    </Alert>
  );
}

export function RouteMissing(): ReactElement {
  const { t } = useTranslation();
  return (
    <Page title={t('route.missing')}>
      <Empty
        icon={IconMap2}
        title={t('route.missingTitle')}
        action={<Button renderRoot={(props) => <Link to="/" {...props} />}>{t('route.home')}</Button>}
      >
        {t('route.missingLead')}
      </Empty>
    </Page>
  );
}
