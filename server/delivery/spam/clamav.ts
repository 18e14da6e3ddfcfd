/** ClamAV by clamd's INSTREAM: a message with a known virus is refused. */
import { connect } from 'node:net';
import type { Logger } from '../../base/log.ts';
import type { IncomingChecks } from '../hooks.ts';

export type ClamavOptions = {
  readonly host: string;
  readonly port: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly onFailure: 'accept' | 'defer';
  readonly log: Logger;
};

const CHUNK_BYTES = 256 * 1024;
const MAX_ANSWER_BYTES = 4_096;

export function createClamav(options: ClamavOptions): IncomingChecks {
  const { maxBytes, onFailure, log } = options;
  return {
    check: async (raw) => {
      if (raw.length > maxBytes) return { header: 'X-Virus-Scanned: not scanned, too big\r\n', verdict: 'accept' };
      try {
        const found = parseAnswer(await scan(raw, options));
        if (found === undefined) return { header: 'X-Virus-Scanned: clean by ClamAV\r\n', verdict: 'accept' };
        log.warn('virus found', { virus: found });
        return { header: '', verdict: 'reject', text: `The message holds a virus (${found})` };
      } catch (error) {
        log.warn('ClamAV does not scan', { reason: error instanceof Error ? error.message : String(error) });
        return onFailure === 'accept'
          ? { header: '', verdict: 'accept' }
          : { header: '', verdict: 'defer', text: 'Try again later' };
      }
    },
  };
}

/** Undefined = clean. */
export function parseAnswer(answer: string): string | undefined {
  const text = answer.replace(/\0+$/, '').trim();
  if (/^stream: OK$/.test(text)) return undefined;
  const found = /^stream: ([\w.()-]+) FOUND$/.exec(text)?.[1];
  if (found === undefined) throw new Error(`clamd said: ${text.slice(0, 200)}`);
  return found;
}

function scan(raw: Buffer, { host, port, timeoutMs }: ClamavOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let answer = '';
    const timer = setTimeout(() => socket.destroy(new Error('timeout')), timeoutMs);
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      if (answer === '') reject(new Error('clamd closed the connection'));
      else resolve(answer);
    });
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1');
      if (answer.includes('\0') || answer.length > MAX_ANSWER_BYTES) socket.destroy();
    });
    socket.on('connect', () => {
      socket.write('zINSTREAM\0');
      for (let at = 0; at < raw.length; at += CHUNK_BYTES) {
        const chunk = raw.subarray(at, at + CHUNK_BYTES);
        const size = Buffer.alloc(4);
        size.writeUInt32BE(chunk.length);
        socket.write(size);
        socket.write(chunk);
      }
      socket.write(Buffer.alloc(4));
    });
  });
}
