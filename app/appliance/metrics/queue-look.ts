/** Asks the worker's HTTP API once a minute how much outgoing mail waits. While no worker answers, nothing is known. */
import { z } from 'zod';
import type { WorkerApi } from '../control/subject.ts';

const statusSchema = z.looseObject({ queued: z.number() });
const everyMs = 60_000;
const timeoutMs = 10_000;

/** Begins to look. @returns the function that ends it */
export function lookAtQueue(api: () => WorkerApi | undefined, tell: (queued: number | undefined) => void): () => void {
  const look = async (): Promise<void> => {
    const at = api();
    if (at === undefined) return tell(undefined);
    try {
      const host = at.host.includes(':') ? `[${at.host}]` : at.host;
      const answer = await fetch(`http://${host}:${at.port}/queue/status`, {
        headers: { 'x-access-token': at.token },
        signal: AbortSignal.timeout(timeoutMs),
      });
      tell(statusSchema.parse(await answer.json()).queued);
    } catch {
      // It restarts, or is too busy: the plot has a gap, and what is wrong is told by the service's state.
      tell(undefined);
    }
  };
  const timer = setInterval(() => void look(), everyMs).unref();
  return () => clearInterval(timer);
}
