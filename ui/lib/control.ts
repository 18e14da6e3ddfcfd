/** Calls of the control API by its contract. */
import type { z } from 'zod';
import type { AnyRoute } from '../../app/appliance/control/contract.ts';
import { requestJson } from './request.ts';

export interface ControlInput<R extends AnyRoute> {
  /** For the `:name` of the path. */
  readonly name?: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: z.input<R['body']>;
  readonly signal?: AbortSignal;
}

export async function control<R extends AnyRoute>(route: R, input: ControlInput<R> = {}): Promise<z.output<R['answer']>> {
  const path = route.path.replace(':name', encodeURIComponent(input.name ?? ''));
  return requestJson<R['answer']>(route.answer, route.method, path, {
    query: input.query,
    body: input.body,
    signal: input.signal,
  });
}
