/** Settings of what judges mail from the world besides SPF, DKIM and DMARC: block lists, greylisting, Rspamd, ClamAV, and the server's own filter. */
import { z } from 'zod';

const MINUTE = 60_000;

export const spam = z
  .strictObject({
    dnsbl: z
      .array(
        z.strictObject({
          zone: z.string().min(3).describe('DNS zone of the list, e.g. zen.spamhaus.org'),
          action: z.enum(['reject', 'junk']).default('reject').describe('What happens to mail from an address on it'),
          answers: z.array(z.ipv4()).default([]).describe('Answers that count (127.0.0.2 …); none given = all but 127.255.255.x'),
        }),
      )
      .default([])
      .describe('Lists of addresses that send spam'),
    greylist: z
      .strictObject({
        enabled: z.boolean().default(false).describe('Put off the first mail of unknown senders: real servers try again'),
        delayMs: z.int().min(1).default(MINUTE).describe('How soon the second try is taken (ms)'),
      })
      .prefault({}),
    rspamd: z
      .strictObject({
        url: z.url().describe('Rspamd’s normal worker, e.g. http://127.0.0.1:11333'),
        password: z.string().optional().describe('Its password, when it wants one'),
        timeoutMs: z.int().min(1).default(15_000).describe('Then mail goes on without it (ms)'),
      })
      .optional(),
    clamav: z
      .strictObject({
        host: z.string().min(1).describe('Host of clamd'),
        port: z.int().min(1).max(65_535).default(3310).describe('Its TCP port'),
        maxBytes: z
          .int()
          .min(1)
          .default(25 * 1024 * 1024)
          .describe('Bigger messages are not scanned (octets; clamd’s StreamMaxLength)'),
        timeoutMs: z.int().min(1).default(30_000).describe('Then `onFailure` counts (ms)'),
        onFailure: z.enum(['accept', 'defer']).default('accept').describe('What happens to mail while clamd is away'),
      })
      .optional(),
    learning: z
      .strictObject({
        enabled: z.boolean().default(true).describe('Learn from what users move into and out of Junk'),
        threshold: z.number().min(0.5).max(1).default(0.95).describe('Score (0 to 1) from which mail goes into Junk'),
        minMessages: z.int().min(1).default(20).describe('Spam and other mail each that must be learnt before it judges'),
      })
      .prefault({}),
  })
  .prefault({});
