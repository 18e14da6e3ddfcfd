/** The API as an OpenAPI 3.1 document, made from the contracts, and as a page for people made from that document. */
import { z } from 'zod';
import { ERROR_STATUS, type ErrorCode } from './contract/errors.ts';
import type { RouteContract } from './contract/route.ts';

type Json = { readonly [key: string]: unknown };

export type ApiDocument = {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly Json[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Json;
};

export type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Json };
  readonly responses: Json;
  readonly security?: readonly Json[];
};

type Parameter = { readonly name: string; readonly in: 'path' | 'query'; readonly required: boolean; readonly schema: Json };

const DESCRIPTION =
  'Parameters may come in the path, the query or the body, whichever is at hand. A token comes as `X-Access-Token`, as a bearer token, or as `accessToken` in the query.';

export function describeApi(contracts: readonly RouteContract[], version: string): ApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const contract of contracts) {
    const path = contract.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [contract.method.toLowerCase()]: operationOf(contract) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Mallard', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{ accessToken: [] }, { bearer: [] }],
    tags: [...new Set(contracts.map((contract) => contract.group))].sort().map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        accessToken: { type: 'apiKey', in: 'header', name: 'X-Access-Token' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
      schemas: {
        Error: {
          type: 'object',
          properties: {
            error: { type: 'string' },
            code: { type: 'string' },
            details: { type: 'object', additionalProperties: { type: 'string' } },
          },
          required: ['error', 'code'],
        },
      },
    },
  };
}

function operationOf(contract: RouteContract): Operation {
  const inPath = new Set([...contract.path.matchAll(/:(\w+)/g)].map((match) => match[1]!));
  const hasBody = contract.method === 'POST' || contract.method === 'PUT';
  const fields = Object.entries(contract.input.shape).map(([name, schema]) => ({
    name,
    schema: inputSchema(schema as z.ZodType),
    required: !(schema as z.ZodType).safeParse(undefined).success,
  }));
  const parameters = fields
    .filter(({ name }) => inPath.has(name) || !hasBody)
    .map(
      ({ name, schema, required }): Parameter =>
        inPath.has(name) ? { name, in: 'path', required: true, schema } : { name, in: 'query', required, schema },
    );
  const body = fields.filter(({ name }) => hasBody && !inPath.has(name));
  return {
    operationId: contract.operation,
    summary: contract.summary,
    tags: [contract.group],
    parameters,
    ...(hasBody ? { requestBody: requestBody(contract, body) } : {}),
    responses: responsesOf(contract),
    ...(contract.access === 'open' ? { security: [] } : {}),
  };
}

function requestBody(
  contract: RouteContract,
  fields: readonly { readonly name: string; readonly schema: Json; readonly required: boolean }[],
): { required: boolean; content: Json } {
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  const schema = {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema: of }) => [name, of])),
    ...(required.length > 0 ? { required } : {}),
  };
  return {
    required: required.length > 0,
    content: {
      'application/json': { schema },
      ...(contract.rawBody === true ? { 'message/rfc822': { schema: { type: 'string', format: 'binary' } } } : {}),
    },
  };
}

function responsesOf(contract: RouteContract): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  const ofBody = contract.method === 'GET' ? [] : (['BodyTooBig', 'UnsupportedMediaType'] as const);
  for (const code of [...contract.errors, 'InvalidToken', 'MissingPrivileges', ...ofBody] as const) {
    const status = ERROR_STATUS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const error = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  const good =
    contract.output === undefined
      ? { [contract.produces ?? 'application/octet-stream']: { schema: { type: 'string', format: 'binary' } } }
      : { 'application/json': { schema: outputSchema(contract.output) } };
  return {
    200: { description: 'Success', content: good },
    ...Object.fromEntries(
      [...byStatus].map(([status, codes]) => [String(status), { description: [...new Set(codes)].join(', '), content: error }]),
    ),
  };
}

/** A field that says its own JSON form is taken at its word: coercion can't be told in a schema. */
function withOwnForm({ jsonSchema }: { readonly jsonSchema: Record<string, unknown> }): void {
  const own = jsonSchema['json'];
  if (typeof own !== 'object' || own === null) return;
  for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
  Object.assign(jsonSchema, own);
}

function inputSchema(schema: z.ZodType): Json {
  return withoutDialect(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: withOwnForm, reused: 'inline' }));
}

function outputSchema(schema: z.ZodType): Json {
  return withoutDialect(
    z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any', override: withOwnForm, reused: 'inline' }),
  );
}

function withoutDialect(schema: object): Json {
  const { $schema, ...rest } = schema as { readonly $schema?: string } & Json;
  void $schema;
  return rest;
}
