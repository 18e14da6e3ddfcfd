/** `/domainaliases`, `/domainaccess`, `/dkim`: what concerns whole domains. */
import { z } from 'zod';
import { created, id, isoDate, pageOf, paging, rawText, requiredText, success, text } from './fields.ts';
import { any, define } from './route.ts';

const domain = requiredText({ max: 255 });
const aliasBody = z.object({ id: z.string(), alias: z.string(), domain: z.string() });

export const domainAliases = {
  list: define('GET /domainaliases', {
    operation: 'getDomainAliases',
    group: 'DomainAliases',
    summary: 'Page through alias domains',
    access: any('domainaliases:read'),
    input: { query: text({ max: 255 }), ...paging },
    output: pageOf(aliasBody).extend({ query: z.string().optional() }),
  }),
  create: define('POST /domainaliases', {
    operation: 'createDomainAlias',
    group: 'DomainAliases',
    summary: 'All addresses of one domain are at another as well',
    access: any('domainaliases:create'),
    input: { alias: domain, domain },
    output: created,
    errors: ['AliasExists'],
  }),
  get: define('GET /domainaliases/:alias', {
    operation: 'getDomainAlias',
    group: 'DomainAliases',
    summary: 'Read an alias domain',
    access: any('domainaliases:read'),
    input: { alias: id },
    output: success.extend({ ...aliasBody.shape, created: isoDate }),
    errors: ['AliasNotFound'],
  }),
  resolve: define('GET /domainaliases/resolve/:alias', {
    operation: 'resolveDomainAlias',
    group: 'DomainAliases',
    summary: 'The id of an alias domain',
    access: any('domainaliases:read'),
    input: { alias: domain },
    output: created,
    errors: ['AliasNotFound'],
  }),
  remove: define('DELETE /domainaliases/:alias', {
    operation: 'deleteDomainAlias',
    group: 'DomainAliases',
    summary: 'Delete an alias domain',
    access: any('domainaliases:delete'),
    input: { alias: id },
    output: success,
    errors: ['AliasNotFound'],
  }),
};

const tag = z
  .preprocess(
    (value) => (typeof value === 'string' ? value.trim() : value),
    z.string('is required').min(1, 'must not be empty').max(128, 'must have at most 128 characters'),
  )
  .meta({ json: { type: 'string', minLength: 1, maxLength: 128 } });
const entry = z.object({ id: z.string(), domain: z.string(), action: z.enum(['allow', 'block']) });

function accessOf<Action extends 'allow' | 'block'>(action: Action) {
  const [adjective, Name] = action === 'allow' ? ['Allowed', 'allowed'] : ['Blocked', 'blocked'];
  return {
    list: define(`GET /domainaccess/:tag/${action}`, {
      operation: `get${adjective}Domains`,
      group: 'DomainAccess',
      summary: `Senders’ domains that are ${Name} for users with a tag`,
      access: any('domainaccess:read'),
      input: { tag },
      output: success.extend({ results: z.array(entry) }),
    }),
    create: define(`POST /domainaccess/:tag/${action}`, {
      operation: `create${adjective}Domain`,
      group: 'DomainAccess',
      summary: `One more domain that is ${Name}`,
      access: any('domainaccess:create'),
      input: { tag, domain },
      output: created,
    }),
  };
}

export const domainAccess = {
  allow: accessOf('allow'),
  block: accessOf('block'),
  remove: define('DELETE /domainaccess/:domain', {
    operation: 'deleteDomainListing',
    group: 'DomainAccess',
    summary: 'Take a domain from its list',
    access: any('domainaccess:delete'),
    input: { domain: id },
    output: success.extend({ deleted: z.string() }),
    errors: ['DomainNotFound'],
  }),
};

const key = z.object({
  id: z.string(),
  domain: z.string(),
  selector: z.string(),
  description: z.string(),
  fingerprint: z.string(),
  /** A pending key signs once DNS has its record; the record of a retired one must stay until then. */
  state: z.enum(['active', 'pending', 'retired']),
  until: isoDate.optional(),
});
const dns = { publicKey: z.string(), dnsTxt: z.object({ name: z.string(), value: z.string() }) };
const PRIVATE_KEY = /^(?:-----BEGIN (?:RSA )?PRIVATE KEY-----[\s\S]+|[A-Za-z0-9+/]{43}=)$/;

export const dkim = {
  list: define('GET /dkim', {
    operation: 'getDkimKeys',
    group: 'DKIM',
    summary: 'Page through DKIM keys',
    access: any('dkim:read'),
    input: { query: text({ max: 255 }), ...paging },
    output: pageOf(key.extend({ created: isoDate })).extend({ query: z.string().optional() }),
  }),
  put: define('POST /dkim', {
    operation: 'updateDkimKey',
    group: 'DKIM',
    summary: 'Make or replace the DKIM key of a domain',
    access: any('dkim:create'),
    input: {
      domain,
      selector: requiredText({ max: 255 }),
      privateKey: text({
        max: 16 * 1024,
        pattern: PRIVATE_KEY,
        wanted: 'must be a private key in PEM form, or 32 octets in base64',
      }),
      description: rawText({ max: 255 }).optional(),
    },
    output: success.extend({ ...key.shape, ...dns }),
    errors: ['KeyGenerateError'],
  }),
  rotate: define('POST /dkim/rotate', {
    operation: 'rotateDkimKeys',
    group: 'DKIM',
    summary: 'A successor for the keys of a domain: it signs once DNS has its record; the old record must stay for a week then',
    access: any('dkim:create'),
    input: { domain },
    output: success.extend({ results: z.array(key.extend(dns)) }),
  }),
  get: define('GET /dkim/:dkim', {
    operation: 'getDkimKey',
    group: 'DKIM',
    summary: 'Read a DKIM key and the DNS record for it',
    access: any('dkim:read'),
    input: { dkim: id },
    output: success.extend({ ...key.shape, ...dns, created: isoDate }),
    errors: ['DkimNotFound'],
  }),
  resolve: define('GET /dkim/resolve/:domain', {
    operation: 'resolveDkim',
    group: 'DKIM',
    summary: 'The id of a domain’s DKIM key',
    access: any('dkim:read'),
    input: { domain },
    output: created,
    errors: ['DkimNotFound'],
  }),
  remove: define('DELETE /dkim/:dkim', {
    operation: 'deleteDkimKey',
    group: 'DKIM',
    summary: 'Delete a DKIM key',
    access: any('dkim:delete'),
    input: { dkim: id },
    output: success,
    errors: ['DkimNotFound'],
  }),
};

export const dnsRecords = define('GET /domains/:domain/dns', {
  operation: 'getDomainRecords',
  group: 'Domains',
  summary: 'The DNS records that a domain needs, one by one and as a zone file',
  access: any('dkim:read'),
  input: { domain },
  output: success.extend({
    domain: z.string(),
    records: z.array(z.object({ purpose: z.string(), type: z.enum(['MX', 'TXT', 'SRV']), name: z.string(), value: z.string() })),
    zone: z.string(),
  }),
});
