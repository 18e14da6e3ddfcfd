/** When certificates are ordered: those that are due, one after the other, by one worker of the installation. What fails is said in words and tried again. */
import { isFault } from '../../base/fault.ts';
import type { Logger } from '../../base/log.ts';
import type { AcmeConfig } from '../../config/acme.ts';
import type { AcmeOrders, DueOrder } from '../../operations/acme-orders.ts';
import { type Authority, type Challenge, OrderFault } from './authority.ts';
import { type ChallengeServer, serveHttp, serveTlsAlpn } from './challenge-server.ts';

export type AcmeParts = {
  readonly config: AcmeConfig;
  readonly orders: AcmeOrders;
  readonly authority: Authority;
  readonly log: Logger;
};

const MAX_PAUSE_MS = 86_400_000;
/** Orders of one round; more wait for the next, so that a stop need not wait for them. */
const MAX_PER_ROUND = 5;
/** Beyond an order's own time. */
const LEASE_SPARE_MS = 60_000;

/** Starts looking; `stop` waits for the present order to end. */
export function startAcme(parts: AcmeParts): { readonly stop: () => Promise<void> } {
  const { config, orders, log } = parts;
  let stopped = false;
  let running: Promise<void> | undefined;

  const round = async (): Promise<void> => {
    for (const name of config.names) await orders.ensure(name).catch((error: unknown) => ignoreBadName(error, name, log));
    for (let count = 0; count < MAX_PER_ROUND && !stopped; count += 1) {
      if ((await orders.due()) === undefined) return;
      // Taken for each order anew: a long round must not lose it to another worker.
      if (!(await orders.takeLease(config.directory, new Date(Date.now() + config.timeoutMs + LEASE_SPARE_MS)))) return;
      try {
        // Asked again: until the lease was ours another worker may have had it issued.
        const due = await orders.due();
        if (due !== undefined) await carryOut(parts, due);
      } finally {
        await orders.release(config.directory);
      }
    }
  };
  const tick = (): void => {
    running ??= round()
      .catch((error: unknown) => {
        if (isFault(error, 'UNAVAILABLE')) log.debug('orders of certificates wait for the database', { error });
        else log.error('certificates could not be ordered; it is tried again', { error });
      })
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(tick, config.pollMs).unref();
  tick();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

async function carryOut({ config, orders, authority, log }: AcmeParts, due: DueOrder): Promise<void> {
  const { servername } = due;
  log.info('ordering a certificate', { servername, authority: config.directory });
  let server: ChallengeServer | undefined;
  const show = async (challenge: Challenge): Promise<void> => {
    if (challenge.alpn !== undefined) {
      server = await serveTlsAlpn(config.host, config.tlsPort, challenge.alpn);
      return;
    }
    await orders.showChallenge(challenge.token, challenge.keyAuthorization);
    if (config.httpPort !== 0) server = await serveHttp(config.host, config.httpPort, orders.challenge);
  };
  const hide = async ({ token, kind }: Challenge): Promise<void> => {
    await server?.close();
    server = undefined;
    if (kind === 'http-01') await orders.hideChallenge(token);
  };
  try {
    const pair = await authority.order({
      servername,
      challenge: config.challenge,
      account: await orders.account(config.directory),
      onAccount: (account) => orders.saveAccount(config.directory, account),
      show,
      hide,
    });
    await orders.issued(due, pair, config.renewBeforeMs);
    log.info('a certificate was issued', { servername });
  } catch (error) {
    if (!(error instanceof OrderFault)) throw error;
    const pauseMs = Math.min(MAX_PAUSE_MS, config.retryMs * 2 ** Math.min(20, due.failures));
    log.warn('a certificate was not issued', { servername, reason: error.message, retryInMs: pauseMs });
    await orders.failed(due, error.message, new Date(Date.now() + pauseMs));
  }
}

/** A name of the settings that no authority certifies, such as `desk`: the local one serves it. */
function ignoreBadName(error: unknown, name: string, log: Logger): void {
  if (isFault(error, 'UNAVAILABLE')) throw error;
  log.debug('no certificate is ordered for this name', { name, error });
}
