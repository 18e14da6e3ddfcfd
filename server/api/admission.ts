/**
 * What is decided before a body is read: who calls, and whether there is memory for what comes. So nobody without a token can make the worker hold more than a header, and
 * all bodies together stay within the worker's budget.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Budget } from '../base/budget.ts';
import { unavailable } from '../base/fault.ts';
import type { ApiActor } from '../operations/accounts-tokens.ts';
import type { Identify } from './access.ts';
import type { RouteContract } from './contract/route.ts';
import { refuse } from './faults.ts';

export type Admission = {
  readonly admit: (contract: RouteContract, bodyLimit: number, request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** The caller of an admitted request; undefined where none needs to be known. */
  readonly callerOf: (request: FastifyRequest) => ApiActor | undefined;
};

/** How long a body waits for memory (ms). */
const WAIT_MS = 10_000;
/** A body, its text and what is parsed from it. */
const FORMS = 2;

export function createAdmission(identify: Identify, maxBytes: number): Admission {
  const memory = new Budget(maxBytes);
  const callers = new WeakMap<FastifyRequest, ApiActor>();
  return {
    callerOf: (request) => callers.get(request),
    admit: async (contract, bodyLimit, request, reply) => {
      const { accessToken } = request.query as { accessToken?: unknown };
      const caller = await identify(request.headers, accessToken, request.ip);
      if (caller !== undefined) callers.set(request, caller);
      else if (contract.access !== 'open') throw refuse('InvalidToken', 'An access token is needed');
      const amount = expectedBytes(request, bodyLimit) * FORMS;
      if (amount === 0) return;
      if (!(await memory.take(amount, WAIT_MS))) throw unavailable('Too much is being uploaded. Try again.');
      reply.raw.once('close', () => memory.giveBack(amount));
      // The client went while it waited: its close has been.
      if (reply.raw.destroyed) reply.raw.emit('close');
    },
  };
}

function expectedBytes({ headers }: FastifyRequest, bodyLimit: number): number {
  if (headers['transfer-encoding'] !== undefined) return bodyLimit;
  const length = Number(headers['content-length'] ?? 0);
  // Longer ones are refused before they are read.
  return Number.isSafeInteger(length) && length <= bodyLimit ? length : 0;
}
