/** Foreign programs that judge what Mallard encrypts and signs: GnuPG and OpenSSL. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempDir } from './temp-dir.ts';

/** Why tests with that program are skipped; false: they are not. */
export function missing(program: 'gpg' | 'openssl'): string | false {
  return spawnSync(program, [program === 'gpg' ? '--version' : 'version']).status === 0 ? false : `there is no ${program} here`;
}

export type Gpg = {
  /** The octets inside an encrypted message (armored or not). Throws with gpg's words. */
  readonly decrypt: (message: Buffer) => Buffer;
  /** Ends the agent that gpg started. */
  readonly close: () => void;
};

/** A keyring of its own with one private key (armored, without a passphrase). */
export function gpgWith(privateKey: string): Gpg {
  // The agent's socket has a short path.
  const home = tempDir('g');
  const run = (args: readonly string[], input: Buffer): Buffer => {
    const { status, stdout, stderr } = spawnSync(
      'gpg',
      ['--homedir', home, '--batch', '--quiet', '--trust-model', 'always', ...args],
      {
        input,
        maxBuffer: 256 << 20,
      },
    );
    if (status !== 0) throw new Error(`gpg ${args.join(' ')}: ${stderr.toString()}`);
    return stdout;
  };
  run(['--import'], Buffer.from(privateKey));
  return {
    decrypt: (message) => run(['--decrypt'], message),
    close: () => void spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']),
  };
}

export type OpensslIdentity = {
  readonly certificate: string;
  readonly privateKey: string;
  /** Of the certificate. */
  readonly file: string;
  readonly decrypt: (message: Buffer) => Buffer;
};

/** A self-signed certificate and its key; `decrypt` takes a whole S/MIME message. */
export function opensslIdentity(kind: 'rsa' | 'ec'): OpensslIdentity {
  const folder = tempDir('openssl');
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const newKey = kind === 'rsa' ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  openssl(['req', '-x509', ...newKey, '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=Anna Ducks']);
  return {
    certificate: readFileSync(cert, 'utf8'),
    privateKey: readFileSync(key, 'utf8'),
    file: cert,
    decrypt: (message) => {
      const file = path.join(folder, 'message.eml');
      writeFileSync(file, message);
      return openssl(['cms', '-decrypt', '-binary', '-in', file, '-recip', cert, '-inkey', key]);
    },
  };
}

/** Its standard output. Throws with openssl's words. */
export function openssl(args: readonly string[], input?: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync('openssl', args, {
    maxBuffer: 256 << 20,
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ''}: ${stderr.toString()}`);
  return stdout;
}
