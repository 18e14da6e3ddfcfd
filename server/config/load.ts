/**
 * From what a person or the supervisor wrote to a complete configuration. Faults name the setting and what is allowed, so that they can be shown as they are.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { z } from 'zod';
import { type Keyring, SealFault, parseKeyring } from '../base/sealing.ts';
import { configSchema, type Config, type PartialConfig } from './schema.ts';

/** The configuration can't be used. `message` has one line per problem. */
export class ConfigFault extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: { cause?: unknown }) {
    super(problems.join('\n'), options);
    this.name = 'ConfigFault';
    this.problems = problems;
  }
}

/** Fills in the defaults. `value` may be anything; what is no partial configuration is a ConfigFault. */
export function resolveConfig(value: unknown): Config {
  const result = configSchema.safeParse(value);
  if (!result.success) throw new ConfigFault(result.error.issues.map((issue) => explain(issue, value)));
  return result.data;
}

export function defaultConfig(): Config {
  return resolveConfig({} satisfies PartialConfig);
}

/** Reads a TOML or (by its name's ending, `.json`) JSON file. Relative paths of PEM files in it are relative to it. */
export function loadConfigFile(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigFault([`can't read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`], { cause: error });
  }
  let value: unknown;
  try {
    value = file.endsWith('.json') ? JSON.parse(text) : parseToml(text);
  } catch (error) {
    throw new ConfigFault([`${file}: ${error instanceof Error ? error.message : 'not readable'}`], { cause: error });
  }
  return withAbsolutePaths(resolveConfig(value), path.dirname(path.resolve(file)));
}

/** One JSON text, as the supervisor sends it. */
export function parseConfigJson(text: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigFault(['the configuration is not JSON'], { cause: error });
  }
  return resolveConfig(value);
}

/** Certificate texts of a configuration, read from their files where paths are given; undefined = no TLS configured. */
export function readCertificate(
  config: Config,
): { cert: string; key: string; ca: string | undefined; passphrase: string | undefined } | undefined {
  const { cert, key, ca, passphrase } = config.tls;
  if (cert === undefined || key === undefined) return undefined;
  return {
    cert: pem('tls.cert', cert),
    key: pem('tls.key', key),
    ca: ca === undefined ? undefined : pem('tls.ca', ca),
    passphrase,
  };
}

/** The certificates that verify a private ACME authority, as PEM; undefined: the usual roots do. */
export function readAcmeRoots({ acme }: Config): string | undefined {
  return acme.ca === undefined ? undefined : pem('acme.ca', acme.ca);
}

/** The keys that seal what is secret in the database; none are configured: an empty ring. */
export function readSealingKeys(config: Config): Keyring {
  const { keyFile, keys } = config.sealing;
  const setting = keyFile === undefined ? 'sealing.keys' : 'sealing.keyFile';
  if (keyFile !== undefined && !existsSync(keyFile)) throw new ConfigFault([`${setting}: there is no file ${keyFile}`]);
  try {
    return parseKeyring(keyFile === undefined ? keyLines(keys ?? '') : readFileSync(keyFile, 'utf8'));
  } catch (error) {
    if (error instanceof SealFault) throw new ConfigFault([`${setting}: ${error.message}`], { cause: error });
    throw error;
  }
}

/** Text of one line has commas between the keys; a comment of several lines may have some of its own. */
function keyLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(',', '\n');
}

/** Fills in what is better kept out of files: the sealing keys. */
export function withEnvironment(config: Config, env: Readonly<Record<string, string | undefined>>): Config {
  const keys = env['MALLARD_SEALING_KEYS'];
  if (keys === undefined || keys === '' || config.sealing.keyFile !== undefined || config.sealing.keys !== undefined)
    return config;
  return { ...config, sealing: { keys } };
}

/** The files that `readCertificate` reads, to watch for renewals. */
export function certificateFiles(config: Config): readonly string[] {
  const { cert, key, ca } = config.tls;
  return [cert, key, ca].filter((value): value is string => value !== undefined && !isPem(value));
}

function isPem(value: string): boolean {
  return value.includes('-----BEGIN ');
}

function pem(setting: string, value: string): string {
  if (isPem(value)) return value;
  if (!existsSync(value)) throw new ConfigFault([`${setting}: there is no file ${value}`]);
  return readFileSync(value, 'utf8');
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = <T extends string | undefined>(value: T): T =>
    (value === undefined || isPem(value) ? value : path.resolve(folder, value)) as T;
  const { keyFile } = config.sealing;
  return {
    ...config,
    acme: { ...config.acme, ...(config.acme.ca === undefined ? {} : { ca: absolute(config.acme.ca) }) },
    sealing: { ...config.sealing, ...(keyFile === undefined ? {} : { keyFile: path.resolve(folder, keyFile) }) },
    tls: { ...config.tls, cert: absolute(config.tls.cert), key: absolute(config.tls.key), ca: absolute(config.tls.ca) },
  };
}

/** One line for a person: the setting's full name, what is wrong, what is allowed. */
function explain(issue: z.core.$ZodIssue, input: unknown): string {
  const name = issue.path.map(String).join('.');
  const prefix = name === '' ? '' : `${name}: `;
  if (issue.code === 'unrecognized_keys') {
    const allowed = keysAt(issue.path.map(String)).join(', ');
    const unknown = issue.keys.map((key) => (name === '' ? key : `${name}.${key}`)).join(', ');
    return `${unknown}: there is no such setting; allowed here: ${allowed}`;
  }
  const given = valueAt(input, issue.path);
  const shown = given === undefined || isSecret(name) ? '' : ` (given: ${brief(given)})`;
  const unit = typeof given === 'string' ? ' characters long' : '';
  if (issue.code === 'invalid_value') return `${prefix}must be one of ${issue.values.map(String).join(', ')}${shown}`;
  if (issue.code === 'invalid_type') return `${prefix}must be ${typeName(issue.expected)}${shown}`;
  if (issue.code === 'too_small') return `${prefix}must be at least ${String(issue.minimum)}${unit}${shown}`;
  if (issue.code === 'too_big') return `${prefix}must be at most ${String(issue.maximum)}${unit}${shown}`;
  return `${prefix}${issue.message}`;
}

function typeName(expected: string): string {
  const names: Record<string, string> = {
    object: 'a table of settings',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    string: 'a text',
  };
  return names[expected] ?? expected;
}

function isSecret(name: string): boolean {
  return /token|password|passphrase|secret|tls\.key|sealing\.keys|uri/i.test(name);
}

/** Only short scalars are repeated. */
function brief(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value.length <= 40 ? JSON.stringify(value) : 'a longer text';
  return Array.isArray(value) ? 'a list' : 'a table';
}

function valueAt(input: unknown, at: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of at) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function keysAt(at: readonly string[]): readonly string[] {
  const value = valueAt(defaultConfigShape(), at);
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

/** The names of all settings, optional ones included, as nested objects. */
function defaultConfigShape(): unknown {
  const shapeOf = (schema: unknown): unknown => {
    let inner = schema;
    for (;;) {
      if (inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault || inner instanceof z.ZodOptional)
        inner = inner.unwrap();
      else if (inner instanceof z.ZodObject) {
        return Object.fromEntries(
          Object.entries(inner.shape as Record<string, unknown>).map(([key, value]) => [key, shapeOf(value)]),
        );
      } else return null;
    }
  };
  return shapeOf(configSchema);
}
