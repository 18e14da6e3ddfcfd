/** Everything that is fuzzed. */
import type { FuzzTarget } from '../target.ts';
import { imapSession } from './imap-session.ts';
import { mime } from './mime.ts';
import { sieve } from './sieve.ts';
import { smtpWire } from './smtp-wire.ts';

export const TARGETS: readonly FuzzTarget[] = [mime, smtpWire, sieve, imapSession];
