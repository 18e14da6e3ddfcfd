/** Takes the samples for the plots, at a steady pace: memory and processor share of every child and of the appliance itself. */
import { type ProcessUsage, readUsage } from './process-usage.ts';
import type { MetricsStore } from './store.ts';

export interface SamplerOptions {
  readonly store: MetricsStore;
  /** The processes to watch, by the name that the series carry. */
  readonly processes: () => ReadonlyMap<string, number>;
  /** Further numbers, by series name. */
  readonly more?: () => Readonly<Record<string, number>>;
  readonly everyMs?: number;
  readonly onTrouble: (error: unknown) => void;
}

/** Starts sampling. @returns the function that ends it */
export function startSampler(options: SamplerOptions): () => void {
  let former = new Map<number, { cpuMs: number; at: number }>();
  let busy = false;
  let ended = false;
  const sample = async (): Promise<void> => {
    // A slow tool (PowerShell on a busy machine) must not pile up.
    if (busy) return;
    busy = true;
    try {
      const processes = options.processes();
      const usage = await readUsage([...processes.values()]);
      const at = performance.now();
      const now = new Map([...usage].map(([pid, { cpuMs }]) => [pid, { cpuMs, at }]));
      if (!ended) options.store.record({ ...series(processes, usage, former, at), ...options.more?.() });
      former = now;
    } catch (error) {
      options.onTrouble(error);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void sample(), options.everyMs ?? 10_000);
  timer.unref();
  return () => {
    ended = true;
    clearInterval(timer);
  };
}

function series(
  processes: ReadonlyMap<string, number>,
  usage: ReadonlyMap<number, ProcessUsage>,
  former: ReadonlyMap<number, { cpuMs: number; at: number }>,
  at: number,
): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, pid] of processes) {
    const used = usage.get(pid);
    if (used === undefined) continue;
    values[`rss.${name}`] = used.rssBytes;
    const before = former.get(pid);
    // Per cent of one processor core.
    if (before !== undefined && at > before.at)
      values[`cpu.${name}`] = Math.max(0, ((used.cpuMs - before.cpuMs) / (at - before.at)) * 100);
  }
  return values;
}
