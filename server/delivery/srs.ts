/**
 * The sender rewriting scheme: mail that is forwarded elsewhere gets a reverse-path at our domain, so that SPF of the next server is content, and a bounce finds
 * its way back to the sender for some weeks. The hash keeps others from using us to reach anybody.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const DAY_MS = 86_400_000;
const MAX_AGE_DAYS = 21;
/** Timestamps are days modulo this, in two characters of base 32. */
const CYCLE = 1_024;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const HASH_CHARS = 8;
const MAX_LOCAL_BYTES = 64 * 4;

/** The reverse-path to forward with; `sender` itself when it can't be rewritten (the null one stays null). */
export function rewriteSender(sender: string, domain: string, secret: Buffer, nowMs: number): string {
  const at = sender.lastIndexOf('@');
  if (at <= 0) return sender;
  const stamp = encodeStamp(nowMs);
  const payload = `${stamp}=${sender.slice(at + 1)}=${sender.slice(0, at)}`;
  const rewritten = `SRS0=${hash(payload, secret)}=${payload}`;
  return Buffer.byteLength(rewritten) > MAX_LOCAL_BYTES ? '' : `${rewritten}@${domain}`;
}

/** Who was meant by a rewritten address; undefined when it is none, was not made here, or is too old. */
export function tryOriginalSender(address: string, secret: Buffer, nowMs: number): string | undefined {
  const found = /^SRS0[=+-]([a-z2-7]+)=(([a-z2-7]{2})=([^=]+)=(.+))@[^@]+$/i.exec(address);
  const [, given = '', payload = '', stamp = '', domain = '', local = ''] = found ?? [];
  if (found === null) return undefined;
  const expected = hash(payload, secret);
  const [a, b] = [Buffer.from(given.toLowerCase()), Buffer.from(expected)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) return undefined;
  return ageDays(stamp.toLowerCase(), nowMs) > MAX_AGE_DAYS ? undefined : `${local}@${domain}`;
}

/** Case is not kept by every server on the way. */
function hash(payload: string, secret: Buffer): string {
  const digest = createHmac('sha256', secret).update(payload.toLowerCase()).digest();
  return [...digest.subarray(0, HASH_CHARS)].map((byte) => ALPHABET[byte & 31]).join('');
}

function encodeStamp(nowMs: number): string {
  const day = Math.floor(nowMs / DAY_MS) % CYCLE;
  return `${ALPHABET[day >> 5] ?? 'a'}${ALPHABET[day & 31] ?? 'a'}`;
}

function ageDays(stamp: string, nowMs: number): number {
  const day = (ALPHABET.indexOf(stamp[0] ?? '') << 5) | ALPHABET.indexOf(stamp[1] ?? '');
  return ((Math.floor(nowMs / DAY_MS) % CYCLE) - day + CYCLE) % CYCLE;
}
