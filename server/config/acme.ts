/** Settings for certificates that a public authority issues (ACME, RFC 8555). */
import { z } from 'zod';

const DAY_MS = 86_400_000;

export const acme = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Order certificates at a public authority; to switch it on is to agree to its terms of service'),
    directory: z
      .url({ protocol: /^https$/ })
      .default('https://acme-v02.api.letsencrypt.org/directory')
      .describe('Where the authority is: the URL of its ACME directory'),
    email: z.string().optional().describe('Address that the authority may write to'),
    names: z
      .array(z.string().min(1))
      .max(100)
      .default([])
      .describe('Host names that a certificate is ordered for, besides those that the API asks for'),
    challenge: z
      .enum(['http-01', 'tls-alpn-01'])
      .default('http-01')
      .describe('How control of a name is shown: by HTTP on port 80, or by TLS on port 443'),
    host: z.string().min(1).default('any').describe('Address on which the authority is answered while it asks'),
    httpPort: z
      .int()
      .min(0)
      .max(65_535)
      .default(80)
      .describe('Port for http-01; 0 = none, another web server passes /.well-known/acme-challenge/ to the API'),
    tlsPort: z.int().min(1).max(65_535).default(443).describe('Port for tls-alpn-01'),
    ca: z
      .string()
      .optional()
      .describe(
        'Certificates by which the authority’s own server is verified, where it is a private one: PEM text, or the path of a PEM file',
      ),
    renewBeforeMs: z
      .int()
      .min(1)
      .default(30 * DAY_MS)
      .describe('How long before its end a certificate is renewed (ms); at the latest when a third of its time is left'),
    timeoutMs: z
      .int()
      .min(1)
      .default(5 * 60_000)
      .describe('How long one order may take (ms)'),
    retryMs: z
      .int()
      .min(1)
      .default(60 * 60_000)
      .describe('Pause after an order that failed (ms); it doubles up to a day'),
    pollMs: z.int().min(1).default(30_000).describe('How often orders are looked for (ms)'),
  })
  .prefault({});

export type AcmeConfig = z.output<typeof acme>;
