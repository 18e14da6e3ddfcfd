import type { ReactElement } from 'react';
export function ConnectPage(): ReactElement {
  return <></>;
}
