/** How many calls there were, how they ended and how long they took: counted as they end, told in Prometheus' text form (version 0.0.4). */

/** Upper ends of the buckets (seconds). */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] as const;

type Count = { readonly buckets: number[]; seconds: number; calls: number };

export type CallMeter = {
  readonly count: (operation: string, status: number, ms: number) => void;
  readonly text: () => string;
};

export function createCallMeter(): CallMeter {
  // Bounded: operations are those of the contracts, and statuses are few.
  const counts = new Map<string, Count>();
  return {
    count: (operation, status, ms) => {
      const labels = `operation="${operation}",status="${status}"`;
      let found = counts.get(labels);
      if (found === undefined) {
        found = { buckets: BUCKETS.map(() => 0), seconds: 0, calls: 0 };
        counts.set(labels, found);
      }
      const seconds = ms / 1_000;
      found.calls += 1;
      found.seconds += seconds;
      BUCKETS.forEach((end, index) => {
        if (seconds <= end) found.buckets[index]! += 1;
      });
    },
    text: () => {
      const lines = ['# HELP mallard_api_call_seconds Calls of the HTTP API.', '# TYPE mallard_api_call_seconds histogram'];
      for (const [labels, { buckets, seconds, calls }] of counts) {
        BUCKETS.forEach((end, index) => lines.push(`mallard_api_call_seconds_bucket{${labels},le="${end}"} ${buckets[index]}`));
        lines.push(
          `mallard_api_call_seconds_bucket{${labels},le="+Inf"} ${calls}`,
          `mallard_api_call_seconds_sum{${labels}} ${seconds}`,
          `mallard_api_call_seconds_count{${labels}} ${calls}`,
        );
      }
      return `${lines.join('\n')}\n`;
    },
  };
}

/** One number without labels. */
export function gauge(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
}
