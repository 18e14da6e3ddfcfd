/** What a service of the operating system runs: the same `mallard start` as in a terminal, under an account, on a data directory. */

export interface ServiceSpec {
  /** The Node that came with the program. */
  readonly node: string;
  /** bin/mallard.mjs. */
  readonly launcher: string;
  readonly dataDir: string;
  /** The account it runs under, and that owns the data directory. */
  readonly account: string;
  /** The folder with everything that the program reads. */
  readonly programRoot: string;
}

export const serviceName = 'mallard';
export const serviceTitle = 'Mallard mail server';

/** mongod may take a minute to write what it holds; the stop ladder inside ends before this. */
export const stopTimeoutSeconds = 180;

export function startArguments(spec: ServiceSpec): string[] {
  return [spec.launcher, 'start', '--no-open', '--data', spec.dataDir];
}
