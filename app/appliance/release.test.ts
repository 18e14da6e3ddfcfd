import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempDir } from '../../test/harness/temp-dir.ts';
import { dataFormat, NewerDataError, readRelease, refuseNewerData, writeRelease } from './release.ts';

test('data of the same or an older form is opened, whatever the version', () => {
  const root = tempDir('release');
  refuseNewerData(root);
  writeRelease(root, { version: '99.0.0', dataFormat });
  refuseNewerData(root);
  writeRelease(root, { version: '0.0.1', dataFormat: dataFormat - 1 });
  refuseNewerData(root);
  writeRelease(root);
  assert.equal(readRelease(root)?.dataFormat, dataFormat);
});

test('a step back over a change of form is refused, with both versions and what to do', () => {
  const root = tempDir('release');
  writeRelease(root, { version: '9.8.7', dataFormat: dataFormat + 1 });
  assert.throws(
    () => refuseNewerData(root),
    (error) => error instanceof NewerDataError && /9\.8\.7/.test(error.message) && /before update/.test(error.message),
  );
});
