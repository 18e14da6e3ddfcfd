/** Limits of users' Sieve scripts. */
import { z } from 'zod';

export const sieve = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether users’ Sieve scripts work'),
    maxSteps: z
      .int()
      .min(1_000)
      .default(5_000_000)
      .describe('Work of a script with one message: tests, commands and characters compared'),
    maxRedirects: z.int().min(0).default(5).describe('Addresses to which a script may redirect one message'),
    idleTimeoutMs: z.int().min(1).default(1_800_000).describe('ManageSieve: RFC 5804 asks for at least thirty minutes (ms)'),
    maxActions: z.int().min(1).default(32).describe('Actions of a script with one message'),
  })
  .prefault({});
