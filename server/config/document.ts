/**
 * `docs/worker.md`: every setting of a worker's configuration file, made from the schema. Run this file to write it.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { defaultConfig } from './load.ts';
import { configSchema } from './schema.ts';

export const documentPath: string = path.resolve(import.meta.dirname, '../../docs/worker.md');

const HEAD = `# One worker by hand

This page is made from \`server/config/schema.ts\` by \`npx node server/config/document.ts\`.

\`\`\`
node server/main.ts --config mallard.toml
\`\`\`

runs one mail server worker on a MongoDB and a Redis (or Valkey) of your own; any number of workers may share them. The file is TOML, or JSON when its name
ends in \`.json\`. It gives only what differs from the defaults below:

\`\`\`toml
hostname = "mail.example.org"
mongo = { uri = "mongodb://db.example.org/mallard" }
redis = { uri = "redis://cache.example.org" }

[tls]
cert = "fullchain.pem"      # relative to this file; read again when it changes, and on SIGHUP
key = "privkey.pem"

[services]
pop3 = { enabled = false }
pop3s = { enabled = false }
lmtp = { host = "any" }
\`\`\`

A setting that does not exist, or a value that is not allowed, is refused by name (exit code 78), and so is a port that can't be opened. SIGTERM says goodbye to
clients, finishes what is being received or sent, and ends. With \`--config -\` the worker reads one line of JSON from its stdin, reports
\`{"type":"ready","endpoints":{…}}\` on file descriptor 3, and stops when stdin ends: so the appliance runs it.

| Setting | Default | Allowed | What it is |
| --- | --- | --- | --- |
`;

type Node = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly allOf?: readonly Node[];
};

/** The whole page. */
export function renderDocument(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Node;
  return `${HEAD}${rows(schema, '', defaultConfig()).join('\n')}\n`;
}

/** `defaults` is what the settings here are when nothing is given; undefined inside lists and in tables that are not there by default. */
function rows(node: Node, prefix: string, defaults: unknown): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const value = typeof defaults === 'object' && defaults !== null ? (defaults as Record<string, unknown>)[key] : child.default;
    if (child.properties !== undefined) return rows(child, name, value);
    const own = `| \`${name}\` | ${textOf(value)} | ${allowedOf(child)} | ${cell(child.description ?? '')} |`;
    return child.items?.properties === undefined ? [own] : [own, ...rows(child.items, `${name}[]`, undefined)];
  });
}

function textOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return cell(String(value));
  if (Array.isArray(value) && value.length > 0) return cell(value.map(textOf).join(', '));
  return value === undefined ? '' : '(none)';
}

function allowedOf(node: Node): string {
  if (node.enum !== undefined) return cell(node.enum.join(', '));
  if (node.type === 'integer' || node.type === 'number') return rangeOf(node);
  if (node.type === 'array') return 'a list';
  if (node.type === 'boolean') return 'true, false';
  return node.type === 'object' ? 'a table' : 'a text';
}

function rangeOf({ minimum, maximum }: Node): string {
  const low = minimum ?? 0;
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? `${low} or more` : `${low} to ${maximum}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (process.argv[1] === import.meta.filename) writeFileSync(documentPath, renderDocument());
