/** What became of a message as a whole, from its steps. Pure. */
import type { Trace, TraceStep } from './api.ts';

export type Outcome = 'arrived' | 'sent' | 'waiting' | 'refused' | 'failed';

/** The worst that holds now: one recipient that failed is told before five that were reached. */
export function outcomeOf({ steps }: Pick<Trace, 'steps'>): Outcome {
  const last = lastByRecipient(steps);
  if (last.some((step) => isFailure(step))) return 'failed';
  if (last.some((step) => step.kind === 'refused')) return 'refused';
  if (last.some((step) => step.kind === 'queued' || (step.kind === 'attempt' && step.outcome !== 'sent'))) return 'waiting';
  return last.some((step) => step.kind === 'attempt') ? 'sent' : 'arrived';
}

export function isFailure({ kind, outcome }: TraceStep): boolean {
  if (kind === 'attempt') return outcome === 'failed';
  return (
    kind === 'delivered' &&
    outcome !== undefined &&
    outcome !== 'delivered' &&
    outcome !== 'passed-on' &&
    outcome !== 'discarded' &&
    outcome !== 'redirected'
  );
}

/** For each recipient the last step that says something about it. */
function lastByRecipient(steps: readonly TraceStep[]): readonly TraceStep[] {
  const telling = steps.filter(({ kind }) => ['delivered', 'attempt', 'queued', 'refused'].includes(kind));
  const last = new Map<string, TraceStep>();
  for (const step of telling) {
    const names = step.to === undefined ? [''] : typeof step.to === 'string' ? [step.to] : step.to;
    // A queue entry without names is about those that an attempt will name.
    if (names.length === 1 && names[0] === '' && last.size > 0) continue;
    for (const name of names) {
      last.delete('');
      last.set(name, step);
    }
  }
  return [...last.values()];
}
