import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { tempDir } from '../../../test/harness/temp-dir.ts';
import { waitFor } from '../../../test/harness/wait-for.ts';
import { silentLogger } from '../../../server/base/log.ts';
import type { ServerCertificate } from './certificates.ts';
import { CertificateKeeper } from './keeper.ts';

const keepers: CertificateKeeper[] = [];
after(() => {
  for (const keeper of keepers) keeper.stop();
});

function keep(
  names: string[],
  folder = tempDir('keeper'),
): { keeper: CertificateKeeper; renewed: ServerCertificate[]; folder: string; failures: () => number } {
  const renewed: ServerCertificate[] = [];
  let failed = 0;
  const log = { ...silentLogger, error: () => void (failed += 1) };
  const keeper = new CertificateKeeper({
    folder,
    names: () => names,
    log,
    onRenewed: (certificate) => void renewed.push(certificate),
  });
  keepers.push(keeper);
  return { keeper, renewed, folder, failures: () => failed };
}

const covers = ({ chain }: ServerCertificate, name: string): boolean => new X509Certificate(chain).checkHost(name) !== undefined;

test('a new name makes a new certificate of the same authority, and tells of it; what is unchanged makes none', async () => {
  const names = ['mail.keeper.test'];
  const { keeper, renewed } = keep(names);
  const first = await keeper.start();
  assert.ok(covers(first, 'mail.keeper.test'));
  keeper.check();
  names.push('imap.keeper.test');
  keeper.check();
  await waitFor(() => renewed.length === 1);
  const [second] = renewed;
  assert.ok(covers(second!, 'imap.keeper.test') && covers(second!, 'mail.keeper.test'));
  assert.equal(second!.authority, first.authority);
  assert.equal(keeper.current, second);

  // A name less needs no other one: devices that know it by that name still do.
  names.pop();
  keeper.check();
  names.push('pop.keeper.test');
  keeper.check();
  await waitFor(() => renewed.length === 2);
  assert.equal(new X509Certificate(renewed[1]!.authority).fingerprint256, new X509Certificate(first.authority).fingerprint256);
});

test('when none can be made the former one stays', async () => {
  const names = ['mail.keeper.test'];
  const { keeper, renewed, folder, failures } = keep(names);
  const first = await keeper.start();
  // In the way of the file that is to be written.
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder');
  names.push('imap.keeper.test');
  keeper.check();
  await waitFor(() => failures() === 1);
  assert.equal(keeper.current, first);
  assert.deepEqual(renewed, []);
});
