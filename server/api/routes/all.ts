/** Every endpoint there is. */
import type { ApiContext, Route } from '../context.ts';
import type { CallMeter } from '../meter.ts';
import { addressRoutes } from './addresses.ts';
import { appPasswordRoutes } from './app-passwords.ts';
import { archiveRoutes } from './archive.ts';
import { adminLogRoutes } from './admin-log.ts';
import { auditRoutes } from './audit.ts';
import { authenticationRoutes } from './authentication.ts';
import { certificateRoutes } from './certificates.ts';
import { dataRoutes } from './data.ts';
import { clientSetupRoutes } from './client-setup.ts';
import { documentationRoutes } from './documentation.ts';
import { autoreplyRoutes } from './autoreplies.ts';
import { domainRoutes } from './domains.ts';
import { filterRoutes } from './filters.ts';
import { externalRoutes } from './external.ts';
import { senderRoutes } from './senders.ts';
import { sieveRoutes } from './sieve.ts';
import { settingRoutes } from './settings.ts';
import { healthRoutes } from './health.ts';
import { listRoutes } from './lists.ts';
import { mailboxRoutes } from './mailboxes.ts';
import { messageRoutes } from './messages.ts';
import { metricRoutes } from './metrics.ts';
import { queueRoutes } from './queue.ts';
import { searchRoutes } from './search.ts';
import { secondFactorRoutes } from './second-factor.ts';
import { sharingRoutes } from './sharing.ts';
import { storageRoutes } from './storage.ts';
import { submissionRoutes } from './submission.ts';
import { tokenRoutes } from './tokens.ts';
import { updateRoutes } from './updates.ts';
import { uploadRoutes } from './uploads.ts';
import { userRoutes } from './users.ts';
import { webhookRoutes } from './webhooks.ts';

export function allRoutes(context: ApiContext, meter: CallMeter): Route[] {
  const routes = [
    userRoutes,
    addressRoutes,
    mailboxRoutes,
    authenticationRoutes,
    appPasswordRoutes,
    secondFactorRoutes,
    certificateRoutes,
    auditRoutes,
    adminLogRoutes,
    healthRoutes,
    clientSetupRoutes,
    messageRoutes,
    uploadRoutes,
    searchRoutes,
    updateRoutes,
    submissionRoutes,
    archiveRoutes,
    filterRoutes,
    externalRoutes,
    sieveRoutes,
    autoreplyRoutes,
    domainRoutes,
    settingRoutes,
    webhookRoutes,
    tokenRoutes,
    dataRoutes,
    storageRoutes,
    sharingRoutes,
    queueRoutes,
    listRoutes,
    senderRoutes,
  ].flatMap((group) => group(context));
  routes.push(...metricRoutes(context, meter));
  return [...routes, ...documentationRoutes(routes)];
}
