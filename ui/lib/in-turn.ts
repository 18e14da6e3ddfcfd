/** Many calls, a few at a time: the server stays free for others and one failure does not end the rest. */
import { type Fault, faultOf } from './fault.ts';

export interface Outcome<T> {
  readonly item: T;
  readonly fault: Fault | undefined;
}

export async function inTurn<T>(
  items: readonly T[],
  run: (item: T) => Promise<void>,
  onProgress: (done: number) => void,
  options: { readonly atATime?: number; readonly stopped?: () => boolean } = {},
): Promise<readonly Outcome<T>[]> {
  const outcomes: Outcome<T>[] = [];
  let toldAt = 0;
  let next = 0;
  const one = async (): Promise<void> => {
    for (;;) {
      const item = items[next];
      if (next >= items.length || item === undefined || options.stopped?.() === true) return;
      next += 1;
      try {
        await run(item);
        outcomes.push({ item, fault: undefined });
      } catch (error) {
        outcomes.push({ item, fault: faultOf(error) });
      }
      // Drawing each step would cost more than the step.
      const now = performance.now();
      if (now - toldAt < 100 && outcomes.length < items.length) continue;
      toldAt = now;
      onProgress(outcomes.length);
    }
  };
  await Promise.all(Array.from({ length: options.atATime ?? 4 }, one));
  return outcomes;
}
