import type { ReactElement } from 'react';
export function PeoplePage(): ReactElement {
  return <></>;
}
