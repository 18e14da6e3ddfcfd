/** What the endpoints work with, and how one is written: its contract and a function from checked input to the answer's body. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../base/log.ts';
import type { Signer } from '../auth/cms-signature.ts';
import type { Config } from '../config/schema.ts';
import type { Dispatch } from '../delivery/dispatch.ts';
import type { Expansion } from '../delivery/expansion.ts';
import type { Queue } from '../delivery/queue/queue.ts';
import type { QueueRunner } from '../delivery/queue/runner.ts';
import type { UserId } from '../mail/ids.ts';
import type { ApiActor } from '../operations/accounts-tokens.ts';
import type { Operations } from '../operations/contract.ts';
import type { OpenedStore } from '../operations/create.ts';
import type { InputOf, ResultOf, RouteContract } from './contract/route.ts';

export type ApiContext = {
  readonly config: Config;
  readonly operations: Operations;
  readonly store: OpenedStore;
  /** Mail that leaves. */
  readonly outgoing: ApiOutgoing;
  /** Tells this worker that an account elsewhere may be due; others look by themselves. */
  readonly wakeFetching?: () => void;
  /** The server's own certificate, for what it signs; one that is stored for its name comes first. */
  readonly ownCertificate?: () => Signer | undefined;
  readonly log: Logger;
};

export type ApiOutgoing = {
  readonly expansion: Expansion;
  readonly dispatch: Pick<Dispatch, 'send'>;
  readonly queue: Pick<Queue, 'find' | 'remove' | 'approve' | 'giveUp'>;
  /** Undefined where nothing is sent. */
  readonly runner: () => Pick<QueueRunner, 'wake' | 'state'> | undefined;
};

/** One call: input is checked, rights are too. `user` in the input is never `me` here. */
export type Call<Input> = {
  readonly input: Input;
  readonly actor: ApiActor;
  /** The caller's address: `ip` of the input when somebody asks for another. */
  readonly ip: string;
  readonly session: string;
  /** A raw message, where the contract allows one. */
  readonly raw: Buffer | undefined;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Ends when the client goes away. */
  readonly signal: AbortSignal;
};

export type Route = { readonly contract: RouteContract; readonly run: (call: Call<unknown>) => Promise<unknown> };

export function route<Contract extends RouteContract>(
  contract: Contract,
  run: (call: Call<InputOf<Contract>>) => Promise<ResultOf<Contract>> | ResultOf<Contract>,
): Route {
  return { contract, run: async (call) => run(call as Call<InputOf<Contract>>) };
}

/** An endpoint that writes its answer itself. */
export function rawRoute<Contract extends RouteContract>(
  contract: Contract,
  run: (call: Call<InputOf<Contract>>) => Promise<void>,
): Route {
  return { contract, run: async (call) => run(call as Call<InputOf<Contract>>) };
}

export const asUser = (id: string): UserId => id as UserId;

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the fields that were not given. */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
