/** SMTP from the world (port 25) and from users (587, 465): two profiles of the skeleton. */
import type { Budget } from '../../base/budget.ts';
import type { ConnectionHandler } from '../../base/listener.ts';
import type { Logger } from '../../base/log.ts';
import type { Config } from '../../config/schema.ts';
import { arrivalEvent } from '../../delivery/arrival-event.ts';
import { strip } from '../../delivery/checks.ts';
import type { CheckResult, IncomingChecks, TraceSink } from '../../delivery/hooks.ts';
import type { Device, MailFlow } from '../../delivery/mail-flow.ts';
import { receivedField } from '../../delivery/trace-header.ts';
import type { Screen } from '../../delivery/spam/screen.ts';
import type { Operations } from '../../operations/contract.ts';
import { saslMechanisms } from '../sasl.ts';
import { createDeviceList } from './devices.ts';
import { createSmtpHandler } from './dispatcher.ts';
import { envelopeOf, originOf } from './origin.ts';
import type { RecipientDecision, RecipientRequest, SmtpProfile } from './profile.ts';
import type { SmtpLimits, SmtpSession } from './session.ts';
import type { Transaction } from './transaction.ts';
import { reply, type SmtpReply } from './wire/reply.ts';

export type SmtpDependencies = {
  readonly config: Config;
  readonly operations: Operations;
  readonly flow: MailFlow;
  /** Memory for messages in flight, shared by every service of the worker. */
  readonly memory: Budget;
  readonly log: Logger;
  /** What an administrator allows at this moment, within the configuration's limit. */
  readonly maxRecipients?: () => number;
  /** Judges mail from the world. */
  readonly checks?: IncomingChecks;
  readonly trace?: TraceSink;
  /** Asked before a stranger's recipient is taken. */
  readonly screen?: Pick<Screen, 'recipient'>;
};

const noSuchUser = reply(550, '5.1.1', 'No such user here');
const disabled = reply(550, '5.2.1', 'The mailbox is disabled');

export function createIncomingHandler(dependencies: SmtpDependencies): ConnectionHandler {
  return handlerFor(incomingProfile(dependencies, false), dependencies);
}

/** A port for known devices alone. */
export function createDeviceHandler(dependencies: SmtpDependencies): ConnectionHandler {
  return handlerFor(incomingProfile(dependencies, true), dependencies);
}

export function createSubmissionHandler(dependencies: SmtpDependencies): ConnectionHandler {
  return handlerFor(submissionProfile(dependencies), dependencies);
}

function handlerFor(
  profile: SmtpProfile,
  { config, operations, memory, maxRecipients, log }: SmtpDependencies,
): ConnectionHandler {
  const limits: SmtpLimits = {
    maxMessageBytes: config.store.maxMessageBytes,
    get maxRecipients() {
      return Math.min(config.smtp.maxRecipients, maxRecipients?.() ?? Infinity);
    },
    maxErrors: config.smtp.maxErrors,
    maxAuthFailures: config.auth.maxFailuresPerConnection,
    memoryWaitMs: 30_000,
  };
  return createSmtpHandler({ profile, config, operations, limits, memory }, log);
}

const shared = {
  protocol: 'ESMTP',
  hello: ['EHLO', 'HELO'],
  perRecipientReplies: false,
  offersRequireTls: true,
  extensions: ['BINARYMIME', 'DSN'],
} as const;

function incomingProfile(dependencies: SmtpDependencies, devicesOnly: boolean): SmtpProfile {
  const { config, flow, checks, trace, screen, log } = dependencies;
  const devices = createDeviceList(config.smtp.devices);
  return {
    ...shared,
    service: 'smtp',
    requiresAuth: false,
    requiresSmtpUtf8Declared: true,
    mechanisms: () => [],
    onConnect: async (session) => {
      if (!devicesOnly || devices.at(session.connection.remoteAddress) !== undefined) return undefined;
      session.log.info('no known device', { ip: session.connection.remoteAddress });
      return reply(554, '5.7.1', 'This port is for known devices');
    },
    onSender: async (session, transaction) => {
      const device = devices.at(session.connection.remoteAddress);
      // The null reverse-path stays: a device that sends notices wants no answers either.
      if (device !== undefined && transaction.from !== '') transaction.sendAs(device.sender);
      return undefined;
    },
    onRecipient: async (session, transaction, request): Promise<RecipientDecision> => {
      const target = await flow.classify(request.address);
      const ip = session.connection.remoteAddress;
      if ((target.kind === 'local' || target.kind === 'forward' || target.kind === 'list') && devices.at(ip) === undefined) {
        const refusal =
          (await flow.unwelcome(target, transaction.from, ip)) ??
          ((await flow.trusts(ip)) ? undefined : await screen?.recipient(ip, transaction.from, request.address));
        if (refusal !== undefined) {
          session.log.info('recipient refused', { ip, from: transaction.from, to: request.address, text: refusal.text });
          trace?.record({
            kind: 'refused',
            transaction: transaction.id,
            atMs: Date.now(),
            ip,
            from: transaction.from,
            to: [request.address],
            text: refusal.text,
          });
          return { refused: reply(refusal.code, refusal.enhanced, refusal.text) };
        }
      }
      switch (target.kind) {
        case 'unknown':
          return { refused: noSuchUser };
        case 'disabled':
          return { refused: disabled };
        case 'remote':
          if (devices.at(session.connection.remoteAddress) !== undefined) return { accepted: { ...request, target } };
          session.log.info('relay refused', { ip: session.connection.remoteAddress, to: request.address });
          return { refused: reply(550, '5.7.1', 'Mail to other places is not taken here') };
        case 'local':
        case 'forward':
        case 'list':
          return { accepted: { ...request, target } };
      }
    },
    onMessage: async (session, transaction, join) => {
      const device = devices.at(session.connection.remoteAddress);
      if (device !== undefined) return [await fromDevice(session, transaction, join, device, dependencies)];
      const origin = originOf(session, transaction);
      const envelope = envelopeOf(transaction);
      const received = strip(join(Buffer.from(receivedField(origin, envelope, config.hostname))), config.hostname);
      const facts = { ip: origin.remoteAddress, hello: origin.hello, from: envelope.from };
      const result = await judge(checks, received, facts, log);
      const refused = result.verdict === 'reject' || result.verdict === 'defer';
      trace?.record(arrivalEvent(refused ? 'refused' : 'accepted', received, envelope, origin, { checks: result.header }));
      if (refused) {
        session.log.info('refused by checks', { transaction: transaction.id, ...facts, text: result.text });
        return result.verdict === 'defer'
          ? [reply(451, '4.7.1', result.text ?? 'Try again later')]
          : [reply(550, '5.7.1', result.text ?? 'The message was refused by policy')];
      }
      // Results come above what they judge (RFC 8601 §5).
      const message = result.header === '' ? received : Buffer.concat([Buffer.from(result.header), received]);
      const { code, enhanced, text } = await flow.receive(message, envelope, {
        ...origin,
        quarantine: result.verdict === 'quarantine',
        ...(result.forged === true ? { forged: true } : {}),
      });
      return [reply(code, enhanced, text)];
    },
  };
}

/** A printer's or scanner's mail: submitted in the name of the user that it is registered for. */
async function fromDevice(
  session: SmtpSession,
  transaction: Transaction,
  join: (head: Buffer) => Buffer,
  device: Device,
  { flow, operations, trace }: SmtpDependencies,
): Promise<SmtpReply> {
  const owner = await operations.accounts.resolveRecipient(device.sender);
  if (owner.kind !== 'user' || owner.disabled) {
    session.log.error('a device’s sender is no user here', { device: device.name, sender: device.sender });
    return reply(450, '4.7.0', 'This device is not set up completely');
  }
  const origin = originOf(session, transaction);
  const envelope = envelopeOf(transaction);
  const raw = join(Buffer.alloc(0));
  trace?.record(arrivalEvent('accepted', raw, envelope, origin, { device: device.name }));
  const { code, enhanced, text } = await flow.submit(raw, envelope, origin, owner.account, { device });
  return reply(code, enhanced, text);
}

/** Checks that fail by themselves don't stop mail. */
async function judge(
  checks: IncomingChecks | undefined,
  message: Buffer,
  facts: Parameters<IncomingChecks['check']>[1],
  log: Logger,
): Promise<CheckResult> {
  try {
    return (await checks?.check(message, facts)) ?? { header: '', verdict: 'accept' };
  } catch (error) {
    log.error('checks failed', { error });
    return { header: '', verdict: 'accept' };
  }
}

function submissionProfile({ config, flow, trace }: SmtpDependencies): SmtpProfile {
  return {
    ...shared,
    service: 'submission',
    requiresAuth: true,
    requiresSmtpUtf8Declared: false,
    mechanisms: (session) => saslMechanisms(session.connection.channelBindings, { login: true }),
    onSender: async (session, transaction) => {
      const { account } = session;
      // The null reverse-path is for notices that a client sends (RFC 8098 §2).
      if (account === undefined || transaction.from === '' || !config.smtp.fromOwnership) return undefined;
      if (await flow.owns(account, transaction.from)) return undefined;
      session.log.info('sender refused', { user: account.user, from: transaction.from });
      return reply(550, '5.7.1', 'This is not an address of yours');
    },
    onRecipient: async (_session, _transaction, request: RecipientRequest): Promise<RecipientDecision> => {
      const target = await flow.classify(request.address);
      if (target.kind === 'unknown') return { refused: noSuchUser };
      if (target.kind === 'disabled') return { refused: disabled };
      return { accepted: { ...request, target } };
    },
    onMessage: async (session, transaction, join) => {
      const { account } = session;
      if (account === undefined) return [reply(530, '5.7.0', 'Authentication required')];
      const origin = originOf(session, transaction);
      const envelope = envelopeOf(transaction);
      const raw = join(Buffer.alloc(0));
      trace?.record(arrivalEvent('accepted', raw, envelope, origin, { user: account.user }));
      const { code, enhanced, text } = await flow.submit(raw, envelope, origin, account);
      return [reply(code, enhanced, text)];
    },
  };
}
