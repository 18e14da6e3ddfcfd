/** What every command gets: where the data is, and how to answer. */
import { chooseDataDir, type DataPaths, dataPaths } from '../paths.ts';

export interface CommonOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export interface CliContext {
  readonly paths: DataPaths;
  readonly json: boolean;
}

export function contextOf(options: CommonOptions): CliContext {
  return { paths: dataPaths(chooseDataDir(options.data)), json: options.json === true };
}
