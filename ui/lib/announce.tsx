/**
 * What screen readers are told beyond what has the focus: states politely, failures at once. One pair of regions for the whole app, because a
 * region that appears together with its text is often not read.
 */
import { VisuallyHidden } from '@mantine/core';
import { useSyncExternalStore, type ReactElement } from 'react';

interface Said {
  readonly polite: string;
  readonly urgent: string;
}

let said: Said = { polite: '', urgent: '' };
const listeners = new Set<() => void>();

/** The same words twice in a row get an invisible mark, or the second would not be read. */
export function announce(words: string, urgency: 'polite' | 'urgent' = 'polite'): void {
  said = { ...said, [urgency]: said[urgency] === words ? `${words}\u200b` : words };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function LiveRegions(): ReactElement {
  const { polite, urgent } = useSyncExternalStore(subscribe, () => said);
  return (
    <VisuallyHidden>
      <div aria-live="polite" data-testid="polite">
        {polite}
      </div>
      <div aria-live="assertive" data-testid="urgent">
        {urgent}
      </div>
    </VisuallyHidden>
  );
}
