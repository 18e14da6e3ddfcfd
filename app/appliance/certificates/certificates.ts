/**
 * The certificate that the services present, signed by an authority of this installation.
 *
 * One long-lived authority per data directory: people install it once on their devices, and every later server certificate is trusted. The
 * server certificate lives 397 days at most (some clients refuse longer ones), is renewed 30 days before its end, and at once when the computer
 * has a name or LAN address that it lacks. Keys are readable by this user alone and files are replaced whole.
 */
import { spawn } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Issued, IssueRequest } from './issuer.ts';
import type { CertificateInfo } from '../control/contract.ts';
import type { CertificateNames } from './names.ts';

export interface ServerCertificate {
  /** The chain, leaf first, as PEM. */
  readonly chain: string;
  readonly key: string;
  /** The authority's certificate alone, for people to install. */
  readonly authority: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  /** False when it was made now: workers that run have another one. */
  readonly reused: boolean;
}

export type Issue = (request: IssueRequest) => Promise<Issued>;

const day = 86_400_000;
const authorityDays = 3650;
const leafDays = 397;
const renewBeforeDays = 30;
/** Clocks of devices on a LAN run behind. */
const backdateMs = day;

/**
 * The certificate for these names: the one on disk when it is good, else a new one.
 * @param folder of the data directory, exists
 */
export async function ensureCertificate(
  folder: string,
  names: CertificateNames,
  now: number = Date.now(),
  issue: Issue = issueInChild,
): Promise<ServerCertificate> {
  const authority = await ensureAuthority(folder, now, issue);
  const kept = readPair(folder, 'server');
  if (kept !== undefined && isGoodLeaf(kept.certificate, authority.certificate, names, now))
    return assemble(kept, authority, true);
  const made = await issue({
    make: 'leaf',
    authority,
    dns: [...names.dns],
    ip: [...names.ip],
    notBefore: now - backdateMs,
    // The day of backdating counts: 397 from first to last.
    notAfter: now - backdateMs + leafDays * day,
  });
  writePair(folder, 'server', made);
  return assemble(made, authority, false);
}

/** The next `ensureCertificate` makes a new one. */
export async function discardCertificate(folder: string): Promise<void> {
  await rm(files(folder, 'server').certificateFile, { force: true });
}

/** What a certificate says of itself, for people. */
export function describeCertificate({ chain, authority }: ServerCertificate): CertificateInfo {
  const leaf = new X509Certificate(chain);
  const root = new X509Certificate(authority);
  return {
    names: (leaf.subjectAltName ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '')),
    notBefore: leaf.validFromDate.toISOString(),
    notAfter: leaf.validToDate.toISOString(),
    fingerprint: leaf.fingerprint256,
    authority: {
      name: /CN=(.*)/.exec(root.subject)?.[1] ?? '',
      notAfter: root.validToDate.toISOString(),
      fingerprint: root.fingerprint256,
    },
  };
}

/** The file that people install on their devices. */
export function authorityFile(folder: string): string {
  return path.join(folder, 'authority.crt');
}

async function ensureAuthority(folder: string, now: number, issue: Issue): Promise<Issued> {
  const kept = readPair(folder, 'authority');
  // An authority that ends before the next leaf would make a leaf that nobody can verify.
  if (kept !== undefined && new X509Certificate(kept.certificate).validToDate.getTime() > now + leafDays * day) return kept;
  const made = await issue({
    make: 'authority',
    name: `Mallard on ${hostname().slice(0, 40)}`,
    notBefore: now - backdateMs,
    notAfter: now + authorityDays * day,
  });
  writePair(folder, 'authority', made);
  return made;
}

function isGoodLeaf(pem: string, authorityPem: string, names: CertificateNames, now: number): boolean {
  const leaf = new X509Certificate(pem);
  const authority = new X509Certificate(authorityPem);
  return (
    leaf.validToDate.getTime() - now > renewBeforeDays * day &&
    leaf.validFromDate.getTime() <= now &&
    leaf.checkIssued(authority) &&
    leaf.verify(authority.publicKey) &&
    names.dns.every((name) => leaf.checkHost(name, { subject: 'never', wildcards: false }) !== undefined) &&
    names.ip.every((address) => leaf.checkIP(address) !== undefined)
  );
}

function assemble(leaf: Issued, authority: Issued, reused: boolean): ServerCertificate {
  return {
    chain: `${leaf.certificate.trim()}\n${authority.certificate.trim()}\n`,
    key: leaf.key,
    authority: authority.certificate,
    notAfter: new X509Certificate(leaf.certificate).validToDate.getTime(),
    reused,
  };
}

/** Undefined when a file is missing or broken, or the two do not belong together: then a new pair is made. */
function readPair(folder: string, name: string): Issued | undefined {
  const { certificateFile, keyFile } = files(folder, name);
  if (!existsSync(certificateFile) || !existsSync(keyFile)) return undefined;
  const pair = { certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  try {
    return new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.key)) ? pair : undefined;
  } catch {
    // Damaged by hand or by a full disk.
    return undefined;
  }
}

function writePair(folder: string, name: string, pair: Issued): void {
  const { certificateFile, keyFile } = files(folder, name);
  replaceFile(keyFile, pair.key, 0o600);
  replaceFile(certificateFile, pair.certificate, 0o644);
}

function files(folder: string, name: string): { certificateFile: string; keyFile: string } {
  return { certificateFile: path.join(folder, `${name}.crt`), keyFile: path.join(folder, `${name}.key`) };
}

function replaceFile(file: string, content: string, mode: number): void {
  writeFileSync(`${file}.new`, content, { mode, flush: true });
  renameSync(`${file}.new`, file);
}

async function issueInChild(request: IssueRequest): Promise<Issued> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'issuer.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A child that is gone already says so by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(request));
  const [code, output, complaint] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`The certificate could not be made: ${complaint.trim().split('\n').slice(-5).join(' ')}`);
  return JSON.parse(output) as Issued;
}
