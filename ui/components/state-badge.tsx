/** A state as icon and word; colour only adds to them. */
import { Badge } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClockPause,
  IconLoader2,
  IconPlayerStop,
  type Icon,
} from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import type { Service } from '../../app/appliance/control/contract.ts';
import classes from './state-badge.module.css';

export type ShownState = Service['state'] | 'off' | 'waiting';

const looks: Readonly<Record<ShownState, readonly [Icon, string]>> = {
  ready: [IconCircleCheck, 'mallard'],
  starting: [IconLoader2, 'blue'],
  stopping: [IconLoader2, 'blue'],
  waiting: [IconLoader2, 'blue'],
  stopped: [IconPlayerStop, 'gray'],
  off: [IconPlayerStop, 'gray'],
  crashed: [IconAlertTriangle, 'orange'],
  backoff: [IconClockPause, 'orange'],
  failed: [IconCircleX, 'red'],
};

export function StateBadge({ state }: { state: ShownState }): ReactElement {
  const { t } = useTranslation();
  const [IconOf, color] = looks[state];
  return (
    <Badge
      color={color}
      variant="light"
      size="lg"
      leftSection={<IconOf size={15} aria-hidden className={IconOf === IconLoader2 ? classes['spin'] : undefined} />}
    >
      {t(`state.${state}`)}
    </Badge>
  );
}
