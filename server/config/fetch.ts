/** Settings of fetching mail from users' accounts elsewhere. */
import { z } from 'zod';

const MINUTE = 60_000;
const positive = (fallback: number, help: string) => z.int().min(1).default(fallback).describe(help);
const durationMs = (fallback: number, help: string) => z.int().min(1).default(fallback).describe(`${help} (ms)`);

export const fetching = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether this worker fetches mail from users’ accounts elsewhere'),
    allowPrivate: z
      .boolean()
      .default(false)
      .describe('Whether such an account may be on this computer or in this network; users could look around there'),
    maxPerUser: positive(10, 'Accounts of one user'),
    maxConcurrent: positive(4, 'Accounts that are fetched from at a time, by this worker'),
    minIntervalMs: durationMs(MINUTE, 'Least time between two looks at one account'),
    maxBackoffMs: durationMs(6 * 60 * MINUTE, 'Most time between two tries of an account that does not work'),
    maxPerRound: positive(500, 'Messages of one account before the others have their turn'),
    maxInFlightBytes: z
      .int()
      .min(1024 * 1024)
      .default(64 * 1024 * 1024)
      .describe('Memory for messages being fetched, in this worker (octets); one biggest message always fits'),
    timeoutMs: durationMs(MINUTE, 'Time for a connection, and for each answer'),
    leaseMs: durationMs(3 * MINUTE, 'A worker that is silent for this time loses an account to another one'),
    pollMs: durationMs(5_000, 'How often it is looked whether an account is due'),
  })
  .prefault({});
