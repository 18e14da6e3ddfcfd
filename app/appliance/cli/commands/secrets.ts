/** `mallard secrets …`: the keys that seal what is secret in the database and in the settings. */
import { existsSync } from 'node:fs';
import { parseKeyring, sealingKeyId } from '../../../../server/base/sealing.ts';
import { makeDataDirs } from '../../paths.ts';
import { rotateSealingKeys, sealingKeysFile, trySealingKeys } from '../../sealing-keys.ts';
import { takeDataDirectory } from '../../supervisor/data-lock.ts';
import type { CliContext } from '../context.ts';
import { CliFault } from '../fault.ts';
import { printJson, printLine } from '../output.ts';

/** The file and the ids of its keys, never the keys. */
export function listKeys({ paths, json }: CliContext): Promise<void> {
  const { keys, lost } = parseKeyring(trySealingKeys(paths.secrets) ?? '');
  const ids = keys.map(sealingKeyId);
  const file = sealingKeysFile(paths.secrets);
  if (json) printJson({ file, keys: ids, lost: [...lost] });
  else {
    printLine(file);
    for (const [index, id] of ids.entries()) printLine(`${id}  ${index === 0 ? 'seals and opens' : 'opens'}`);
    for (const id of lost) printLine(`${id}  lost`);
    if (ids.length === 0) printLine('There is no key yet: the first start makes one.');
  }
  return Promise.resolve();
}

/** A new key seals from the next start on. Workers of one installation must change together, so nothing may run. */
export function rotateKeys(context: CliContext): Promise<void> {
  const { paths } = context;
  if (!existsSync(paths.root)) throw new CliFault(1, `There is no data directory ${paths.root}.`);
  makeDataDirs(paths);
  const lock = takeDataDirectory(paths.lock);
  try {
    rotateSealingKeys(paths.secrets);
  } finally {
    lock.release();
  }
  return listKeys(context);
}
