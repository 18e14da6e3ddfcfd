/** "3 minutes ago", kept true, with the exact local time on hover and for machines. */
import { Tooltip } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { type ReactElement, useState } from 'react';
import { useFormats } from '../lib/format.ts';

export function RelativeTime({ at }: { at: string | number }): ReactElement {
  const { ago, dateTime } = useFormats();
  const [now, setNow] = useState(Date.now);
  const time = new Date(at).getTime();
  useInterval(() => setNow(Date.now()), Math.abs(now - time) < 120_000 ? 1000 : 30_000, { autoInvoke: true });
  return (
    <Tooltip label={dateTime(at)}>
      <time dateTime={new Date(at).toISOString()}>{ago(at, Math.max(now, Date.now()))}</time>
    </Tooltip>
  );
}
