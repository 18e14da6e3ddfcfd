/** What one route of the control API is: method, path, who may call, and the schemas of what goes in and out. */
import { z } from 'zod';

/** Who may call: anybody who passed the Host and Origin checks, a signed-in person or the token, the token alone. */
export type Access = 'open' | 'session' | 'token';

export interface Route<Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `:name` stands for one path segment, which the handler gets decoded. */
  readonly path: string;
  readonly access: Access;
  readonly query: Query;
  readonly body: Body;
  readonly answer: Answer;
}
export type AnyRoute = Route<z.ZodType, z.ZodType, z.ZodType>;

export const none = z.strictObject({});
export const done = z.object({ done: z.literal(true) });

export function route<
  const Method extends AnyRoute['method'],
  Answer extends z.ZodType,
  Query extends z.ZodType = typeof none,
  Body extends z.ZodType = z.ZodUndefined,
>(
  method: Method,
  path: string,
  parts: { answer: Answer; query?: Query; body?: Body; access?: Access },
): Route<Query, Body, Answer> {
  return {
    method,
    path,
    access: parts.access ?? 'session',
    query: (parts.query ?? none) as Query,
    body: (parts.body ?? z.undefined()) as Body,
    answer: parts.answer,
  };
}
