/** The spam filters of a worker, as its settings say. */
import { Resolver } from 'node:dns/promises';
import type { Logger } from '../../base/log.ts';
import type { Config } from '../../config/schema.ts';
import type { GreylistStore } from '../../store/greylist.ts';
import type { SpamWords } from '../../store/spam-words.ts';
import type { IncomingChecks } from '../hooks.ts';
import { createClamav } from './clamav.ts';
import { createBlockLists } from './dnsbl.ts';
import { createGreylist } from './greylist.ts';
import { createLearning, type Learning } from './learning.ts';
import { createRspamd } from './rspamd.ts';
import { createScreen, type Screen } from './screen.ts';

export type SpamFilters = {
  readonly screen: Screen;
  /** Undefined when it is switched off. */
  readonly learning: Learning | undefined;
  /** In the order of their header fields. */
  readonly checks: readonly IncomingChecks[];
  /** Those of them that need to know only the message, not who brings it. */
  readonly contentChecks: readonly IncomingChecks[];
};

export function createSpamFilters(parts: {
  readonly config: Config;
  readonly stores: { readonly words: SpamWords; readonly greylist: GreylistStore };
  readonly log: Logger;
}): SpamFilters {
  const { config, stores, log } = parts;
  const { dnsbl, greylist, rspamd, clamav, learning: settings } = config.spam;
  const dns = new Resolver({ timeout: 3_000, tries: 2 });
  if (config.outbound.dnsServers.length > 0) dns.setServers(config.outbound.dnsServers);
  const screen = createScreen({
    blockLists: createBlockLists({ lists: dnsbl, dns, log }),
    greylist: greylist.enabled ? createGreylist(stores.greylist, { delayMs: greylist.delayMs, log }) : undefined,
  });
  const learning = settings.enabled ? createLearning({ ...settings, words: stores.words, log }) : undefined;
  const contentChecks = [
    ...(rspamd === undefined ? [] : [createRspamd({ ...rspamd, log })]),
    ...(clamav === undefined ? [] : [createClamav({ ...clamav, log })]),
    ...(learning === undefined ? [] : [learning.checks]),
  ];
  return { screen, learning, checks: [...(dnsbl.length > 0 ? [screen.checks] : []), ...contentChecks], contentChecks };
}
