/** The API document as one page to read: no script, nothing from elsewhere. */
import type { ApiDocument, Operation } from './openapi.ts';

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d9dce3, #3a3f4b); --soft: light-dark(#f5f6f9, #22252c); --accent: light-dark(#1f5fbf, #8ab4f8); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
nav { columns: 14rem; padding: 1rem; background: var(--soft); border-radius: .5rem; } a { color: var(--accent); }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); } details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
summary { padding: .5rem .75rem; cursor: pointer; overflow-wrap: anywhere; } details > div { padding: 0 .75rem .75rem; overflow-x: auto; }
code { font: .9em ui-monospace, monospace; } b { display: inline-block; min-width: 4.25rem; } summary span { opacity: .75; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
pre { background: var(--soft); padding: .5rem; border-radius: .25rem; overflow-x: auto; font-size: .85em; }`;

export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function documentationPage(document: ApiDocument): string {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const groups = document.tags.map(({ name }) => ({ name, calls: all.filter(({ operation }) => operation.tags.includes(name)) }));
  const sections = groups.map(
    ({ name, calls }) =>
      `<h2 id="${escapeHtml(name)}">${escapeHtml(name)}</h2>${calls.map(({ path, method, operation }) => callHtml(path, method, operation)).join('')}`,
  );
  const { title, version, description } = document.info;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} API</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)} API <small>${escapeHtml(version)}</small></h1><p>${escapeHtml(description)} Failures are <code>{"error", "code"}</code>, for wrong input with <code>details</code> by field.
The same as data: <a href="openapi.json">openapi.json</a>.</p><nav>${groups.map(({ name, calls }) => `<a href="#${escapeHtml(name)}">${escapeHtml(name)}</a> (${calls.length})<br>`).join('')}</nav>${sections.join('')}</body></html>`;
}

function callHtml(path: string, method: string, operation: Operation): string {
  const rows = [...operation.parameters, ...bodyFields(operation)].map(
    ({ name, in: where, required, schema }) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required ? ' *' : ''}</td><td>${where}</td><td><code>${escapeHtml(shortForm(schema))}</code></td></tr>`,
  );
  const responses = Object.entries(operation.responses).map(([status, response]) => {
    const { description, content } = response as { description: string; content: Record<string, { schema?: unknown }> };
    const schema = status === '200' ? content['application/json']?.schema : undefined;
    const example = schema === undefined ? '' : `<pre>${escapeHtml(JSON.stringify(sketch(schema), null, 2))}</pre>`;
    return `<tr><td><code>${status}</code></td><td>${escapeHtml(description)}${example}</td></tr>`;
  });
  const table = rows.length === 0 ? '' : `<table><tr><th>Input</th><th>In</th><th>Form</th></tr>${rows.join('')}</table>`;
  return `<details id="${escapeHtml(operation.operationId)}"><summary><b>${method}</b> <code>${escapeHtml(path)}</code> <span>${escapeHtml(operation.summary)}</span></summary><div>${table}<table><tr><th>Status</th><th>Answer</th></tr>${responses.join('')}</table></div></details>`;
}

type Field = { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: unknown };

function bodyFields(operation: Operation): Field[] {
  const schema = (
    operation.requestBody?.content['application/json'] as { schema?: { properties?: object; required?: string[] } } | undefined
  )?.schema;
  return Object.entries(schema?.properties ?? {}).map(([name, of]) => ({
    name,
    in: 'body',
    required: schema?.required?.includes(name) === true,
    schema: of as unknown,
  }));
}

function shortForm(schema: unknown): string {
  const text = JSON.stringify(schema).replaceAll('"', '');
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

type Schema = {
  type?: string;
  properties?: Record<string, unknown>;
  items?: unknown;
  anyOf?: unknown[];
  format?: string;
  const?: unknown;
};

/** A schema as the object that it describes. */
function sketch(schema: unknown): unknown {
  const { type, properties, items, anyOf, format, const: constant } = schema as Schema;
  if (constant !== undefined) return constant;
  if (properties !== undefined) return Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, sketch(of)]));
  if (type === 'array') return [sketch(items ?? {})];
  if (anyOf !== undefined) return anyOf.map((one) => JSON.stringify(sketch(one)).replaceAll('"', '')).join(' | ');
  return format ?? type ?? 'any';
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
