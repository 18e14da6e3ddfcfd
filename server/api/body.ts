/** Bodies in their several forms: JSON, form, multipart, or a raw message. All are bounded by the framework before they come here. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuse } from './faults.ts';

/** A file of a multipart form. */
export type FormFile = { readonly filename: string; readonly contentType: string; readonly content: Buffer };

export class RawBody {
  readonly bytes: Buffer;
  readonly contentType: string;
  constructor(bytes: Buffer, contentType: string) {
    this.bytes = bytes;
    this.contentType = contentType;
  }
}

export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = String(body);
    if (text.trim() === '') return done(null, {});
    try {
      done(null, JSON.parse(text, withoutPrototype));
    } catch {
      // The parser's own words would quote the body.
      done(refuse('InputValidationError', 'The body is not valid JSON'));
    }
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, collect(new URLSearchParams(String(body))));
  });
  app.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    try {
      const type = request.headers['content-type'] ?? '';
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
      return await ofForm(form);
    } catch {
      throw refuse('InputValidationError', 'The form can not be read');
    }
  });
  // A stored file may be of any type; where raw bodies are not taken, this one is refused like the others.
  for (const type of ['message/rfc822', 'application/octet-stream', 'text/plain', '*']) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) =>
      done(null, new RawBody(body as Buffer, request.headers['content-type'] ?? '')),
    );
  }
}

/** `__proto__` from outside is no field. */
function withoutPrototype(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

export function collect(entries: Iterable<[string, unknown]>): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of entries) {
    const known = fields.get(name);
    if (known === undefined) fields.set(name, value);
    else if (Array.isArray(known)) known.push(value);
    else fields.set(name, [known, value]);
  }
  return Object.fromEntries(fields);
}

async function ofForm(form: FormData): Promise<Record<string, unknown>> {
  const entries: [string, unknown][] = [];
  for (const [name, value] of form.entries()) {
    if (typeof value === 'string') entries.push([name, value]);
    else {
      const content = Buffer.from(await value.arrayBuffer());
      entries.push([name, { filename: value.name, contentType: value.type, content } satisfies FormFile]);
    }
  }
  return collect(entries);
}

/** A query string. `or.from=x` and `or[from]=x` are fields of an object. */
export function parseQuery(text: string): Record<string, unknown> {
  const fields = collect(new URLSearchParams(text));
  for (const [name, value] of Object.entries(fields)) {
    const nested = /^(\w{1,64})(?:\.(\w{1,64})|\[(\w{1,64})\])$/.exec(name);
    const [, outer, dotted, bracketed] = nested ?? [];
    if (outer === undefined || outer === '__proto__') continue;
    const known = fields[outer];
    const object = typeof known === 'object' && known !== null && !Array.isArray(known) ? known : {};
    fields[outer] = { ...object, [dotted ?? bracketed ?? '']: value };
  }
  return fields;
}
