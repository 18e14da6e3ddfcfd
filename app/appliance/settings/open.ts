/** The settings of a data directory, with the key that opens the secret ones. */
import { createSealer, parseKeyring } from '../../../server/base/sealing.ts';
import type { DataPaths } from '../paths.ts';
import { ensureSealingKeys } from '../sealing-keys.ts';
import { type Changes, Settings } from './store.ts';

/** The data directory must be there. Makes the key where there is none. Throws SettingsFault, SealFault. */
export function openSettings(paths: DataPaths, overrides?: Changes): Settings {
  const sealer = createSealer(parseKeyring(ensureSealingKeys(paths.secrets)));
  return new Settings({ file: paths.settings, sealer, ...(overrides === undefined ? {} : { overrides }) });
}
