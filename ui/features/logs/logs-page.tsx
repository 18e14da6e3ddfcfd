import type { ReactElement } from 'react';
export function LogsPage(): ReactElement {
  return <></>;
}
