/** The wrapper that runs a program as a Windows service: WinSW 2.12.0 (MIT), as its makers publish it. Fetched when the Windows package is made. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

export const winsw = {
  version: '2.12.0',
  url: 'https://github.com/winsw/winsw/releases/download/v2.12.0/WinSW-x64.exe',
  sha256: '05b82d46ad331cc16bdc00de5c6332c1ef818df8ceefcd49c726553209b3a0da',
} as const;

const downloadTimeoutMs = 180_000;

/** @throws when it cannot be had, or is not the one that was recorded */
export async function fetchWinsw(target: string): Promise<void> {
  const answer = await fetch(winsw.url, { signal: AbortSignal.timeout(downloadTimeoutMs) });
  if (!answer.ok) throw new Error(`WinSW could not be fetched: ${winsw.url} answered ${answer.status}.`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== winsw.sha256)
    throw new Error(`WinSW is not the one that was recorded (SHA-256 ${actual} instead of ${winsw.sha256}).`);
  writeFileSync(target, bytes);
}
