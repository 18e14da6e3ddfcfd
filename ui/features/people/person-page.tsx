import type { ReactElement } from 'react';
export function PersonPage(): ReactElement {
  return <></>;
}
