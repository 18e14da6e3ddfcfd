/** Collections of the administration that belong to no user, and their indexes with the query that needs each. */
import type { Database } from './connect.ts';
import type { IndexEntry } from './indexes.ts';
import { type Records, createRecords } from './records.ts';
import type { DomainAccessFields, SenderRuleFields, SettingFields } from './types-admin.ts';
import type { WebhookDeliveryFields, WebhookFields } from './types-webhooks.ts';
import type { AdminLogAnchorFields, AdminLogFields } from './types-admin-log.ts';
import type { AuditFields, AuditMessageFields } from './types-audit.ts';
import type { AcmeAccountFields, AcmeChallengeFields } from './types-acme.ts';
import type { CertificateFields } from './types-certificates.ts';

export type AdminTables = {
  readonly domainAccess: Records<DomainAccessFields>;
  readonly senderRules: Records<SenderRuleFields>;
  readonly settings: Records<SettingFields>;
  readonly webhooks: Records<WebhookFields>;
  readonly webhookDeliveries: Records<WebhookDeliveryFields>;
  readonly certificates: Records<CertificateFields>;
  readonly acmeAccounts: Records<AcmeAccountFields>;
  readonly acmeChallenges: Records<AcmeChallengeFields>;
  readonly adminLog: Records<AdminLogFields>;
  readonly adminLogAnchors: Records<AdminLogAnchorFields>;
  readonly audits: Records<AuditFields>;
  readonly auditMessages: Records<AuditMessageFields>;
};

export function createAdminTables(database: Database): AdminTables {
  return {
    domainAccess: createRecords(database, 'domainAccess'),
    senderRules: createRecords(database, 'senderRules'),
    settings: createRecords(database, 'settings'),
    webhooks: createRecords(database, 'webhooks', { ids: ['user'] }),
    webhookDeliveries: createRecords(database, 'webhookDeliveries', { ids: ['hook'] }),
    certificates: createRecords(database, 'certificates'),
    acmeAccounts: createRecords(database, 'acmeAccounts'),
    acmeChallenges: createRecords(database, 'acmeChallenges'),
    adminLog: createRecords(database, 'adminLog'),
    adminLogAnchors: createRecords(database, 'adminLogAnchors'),
    audits: createRecords(database, 'audits', { ids: ['user'] }),
    auditMessages: createRecords(database, 'auditMessages', { ids: ['audit', 'content', 'mailbox'] }),
  };
}

export const ADMIN_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'domainAccess',
    name: 'domain',
    key: { tagKey: 1, domain: 1 },
    options: { unique: true },
    reason: 'A domain is on one of a tag’s lists; deliveries look it up.',
  },
  {
    collection: 'senderRules',
    name: 'sender',
    key: { owner: 1, sender: 1 },
    options: { unique: true },
    reason: 'A sender is on one of an owner’s lists; deliveries read the lists of their user.',
  },
  { collection: 'webhookDeliveries', name: 'due', key: { next: 1 }, reason: 'Senders take what is due.' },
  { collection: 'webhookDeliveries', name: 'hook', key: { hook: 1 }, reason: 'What is on its way to a hook goes with it.' },
  {
    collection: 'webhookDeliveries',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'What nobody could deliver goes in the end.',
  },
  { collection: 'settings', name: 'key', key: { key: 1 }, options: { unique: true }, reason: 'One value per setting.' },
  {
    collection: 'certificates',
    name: 'servername',
    key: { servername: 1 },
    options: { unique: true },
    reason: 'One certificate per server name.',
  },
  { collection: 'certificates', name: 'names', key: { names: 1 }, reason: 'Handshakes look up the name that the client says.' },
  {
    collection: 'certificates',
    name: 'orders',
    key: { orderNext: 1 },
    options: { partialFilterExpression: { acme: true } },
    reason: 'Certificates whose order is due.',
  },
  {
    collection: 'acmeAccounts',
    name: 'directory',
    key: { directory: 1 },
    options: { unique: true },
    reason: 'One account for each authority.',
  },
  {
    collection: 'acmeChallenges',
    name: 'token',
    key: { token: 1 },
    options: { unique: true },
    reason: 'The authority asks for it by its token.',
  },
  {
    collection: 'acmeChallenges',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'What an interrupted order left goes.',
  },
  {
    collection: 'auditMessages',
    name: 'message',
    key: { audit: 1, mailbox: 1, uid: 1 },
    options: { unique: true },
    reason: 'Each message is copied once, however often the copying begins; export.',
  },
  {
    collection: 'adminLog',
    name: 'seq',
    key: { seq: 1 },
    options: { unique: true },
    reason: 'One entry a number; the newest is read for every new one.',
  },
  {
    collection: 'adminLogAnchors',
    name: 'seq',
    key: { seq: 1 },
    options: { unique: true },
    reason: 'The newest is where the log begins; workers that remove the same entries set one.',
  },
  { collection: 'adminLog', name: 'user', key: { user: 1, seq: -1 }, reason: 'What was done to a user.' },
  { collection: 'auditMessages', name: 'content', key: { content: 1 }, reason: 'The sweeper leaves what an audit holds.' },
];
