/**
 * One endpoint as data: method and path, who may call it, what it takes and answers. Validation, the types of `ui/` and the API document come from here.
 */
import { z } from 'zod';
import { caller } from './fields.ts';
import type { ErrorCode } from './errors.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** `resource:action`; with `own` also for the user in the path. `narrows`: a list over all users, which shows a user what is the user's own. `open` needs no right (but a token, where one is given, must be good). */
export type Access =
  | 'open'
  | {
      readonly right: `${string}:${'create' | 'read' | 'update' | 'delete'}`;
      readonly own: boolean;
      readonly narrows?: true;
    };

export type RouteContract<Input extends z.ZodRawShape = z.ZodRawShape, Output extends z.ZodType = z.ZodType> = {
  readonly method: Method;
  /** With `:name` for parameters. */
  readonly path: string;
  readonly operation: string;
  readonly group: string;
  readonly summary: string;
  readonly access: Access;
  readonly input: z.ZodObject<Input>;
  /** Undefined: the answer is no JSON. */
  readonly output: Output | undefined;
  /** Media type of an answer that is no JSON. */
  readonly produces?: string | undefined;
  readonly errors: readonly ErrorCode[];
  /** Bodies may be as big as a message; otherwise 1 MiB. */
  readonly bigBody?: boolean | undefined;
  /** The body may be a raw message. */
  readonly rawBody?: boolean | undefined;
};

type Definition<Input extends z.ZodRawShape, Output extends z.ZodType | undefined> = {
  readonly operation: string;
  readonly group: string;
  readonly summary: string;
  readonly access: Access;
  readonly input: Input;
  readonly output: Output;
  readonly produces?: string;
  readonly errors?: readonly ErrorCode[];
  readonly bigBody?: boolean;
  readonly rawBody?: boolean;
};

/** `GET /users/:user` and the rest; `sess` and `ip` are added to the inputs of every endpoint. */
export function define<Input extends z.ZodRawShape, Output extends z.ZodType | undefined>(
  call: `${Method} /${string}`,
  definition: Definition<Input, Output>,
): RouteContract<typeof caller & Input, Output extends z.ZodType ? Output : z.ZodType> {
  const [method, path] = call.split(' ') as [Method, string];
  const { errors = [], output, ...rest } = definition;
  return {
    ...rest,
    method,
    path,
    input: z.object({ ...caller, ...definition.input }),
    output: output as (Output extends z.ZodType ? Output : z.ZodType) | undefined,
    errors: [...new Set<ErrorCode>(['InputValidationError', 'InternalDatabaseError', ...errors])],
  };
}

export type InputOf<Route extends RouteContract> = z.output<Route['input']>;
export type OutputOf<Route> = Route extends RouteContract<z.ZodRawShape, infer Output> ? z.input<Output> : never;
/** What a handler gives: `success: true` is added to it. */
export type ResultOf<Route> = Omit<OutputOf<Route>, 'success'> & { readonly success?: boolean };

/** Anyone's: rights of the administrator's roles. `own`: users may do it with what is theirs. */
export const any = (right: Exclude<Access, 'open'>['right']): Access => ({ right, own: false });
export const own = (right: Exclude<Access, 'open'>['right']): Access => ({ right, own: true });
export const narrowed = (right: Exclude<Access, 'open'>['right']): Access => ({ right, own: true, narrows: true });
