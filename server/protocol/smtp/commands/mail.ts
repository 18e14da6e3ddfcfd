/** MAIL, RCPT, RSET: building a transaction (RFC 5321 §4.1.1.2, §4.1.1.3, §4.1.1.5) with the parameters of SIZE, 8BITMIME, BINARYMIME, SMTPUTF8, DSN. */
import type { BodyType, Notify } from '../../../delivery/envelope.ts';
import type { CommandSpec } from '../command-spec.ts';
import type { RecipientRequest } from '../profile.ts';
import type { SmtpSession } from '../session.ts';
import { Transaction, type MailParameters } from '../transaction.ts';
import { decodeXtext, parsePathArgument, type Parameters, type PathFault } from '../wire/command.ts';
import { reply, type SmtpReply } from '../wire/reply.ts';

const BODY_TYPES: readonly BodyType[] = ['7BIT', '8BITMIME', 'BINARYMIME'];
const utf8Undeclared = reply(553, '5.6.7', 'This address needs the SMTPUTF8 parameter');

function pathFault(fault: PathFault): SmtpReply {
  switch (fault) {
    case 'path-too-long':
      return reply(501, '5.1.7', 'The address is too long');
    case 'parameter-syntax':
    case 'parameter-twice':
      return reply(501, '5.5.4', 'A parameter can’t be understood');
    case 'syntax':
      return reply(501, '5.5.2', 'The address can’t be understood');
  }
}

const mail: CommandSpec = {
  verbs: ['MAIL'],
  needs: 'auth',
  takesArgument: 'yes',
  rfc: '5321 §4.1.1.2, 1870, 6152, 3030, 6531, 3461',
  run: async (session, argument) => {
    if (session.transaction !== undefined) return session.reply(reply(503, '5.5.1', 'A transaction is open: send RSET first'));
    const parsed = parsePathArgument(argument, 'FROM');
    if (typeof parsed === 'string') return session.reply(pathFault(parsed));
    const parameters = mailParameters(parsed.parameters, session);
    if ('code' in parameters) return session.reply(parameters);
    if (beyondAscii(parsed.path) && !parameters.smtpUtf8 && session.profile.requiresSmtpUtf8Declared) {
      return session.reply(utf8Undeclared);
    }
    const transaction = new Transaction(parsed.path, parameters);
    const refusal = await session.profile.onSender(session, transaction);
    if (refusal !== undefined) return session.reply(refusal);
    session.begin(transaction);
    session.reply(reply(250, '2.1.0', 'Sender ok'));
  },
};

function mailParameters(parameters: Parameters, session: SmtpSession): MailParameters | SmtpReply {
  let sizeBytes = 0;
  let body: BodyType = '7BIT';
  let smtpUtf8 = false;
  let requireTls = false;
  let returnContent: 'FULL' | 'HDRS' | undefined;
  let envelopeId: string | undefined;
  const bad = (text: string): SmtpReply => reply(501, '5.5.4', text);
  for (const [name, value] of parameters) {
    switch (name) {
      case 'SIZE': {
        // RFC 1870 §5: up to twenty digits.
        if (value === undefined || !/^\d{1,20}$/.test(value)) return bad('SIZE wants a number');
        sizeBytes = Number(value);
        const { maxMessageBytes } = session.services.limits;
        if (sizeBytes > maxMessageBytes) return reply(552, '5.3.4', `The message is too big: at most ${maxMessageBytes} octets`);
        break;
      }
      case 'BODY': {
        const wanted = value?.toUpperCase();
        const known = BODY_TYPES.find((type) => type === wanted);
        if (known === undefined) return bad('BODY is 7BIT, 8BITMIME or BINARYMIME');
        body = known;
        break;
      }
      case 'SMTPUTF8':
        if (value !== undefined) return bad('SMTPUTF8 takes no value');
        smtpUtf8 = true;
        break;
      case 'RET': {
        const wanted = value?.toUpperCase();
        if (wanted !== 'FULL' && wanted !== 'HDRS') return bad('RET is FULL or HDRS');
        returnContent = wanted;
        break;
      }
      case 'ENVID':
        envelopeId = value === undefined || value.length > 100 ? undefined : decodeXtext(value);
        if (envelopeId === undefined) return bad('ENVID can’t be understood');
        break;
      case 'AUTH':
        // RFC 4954 §5: who submitted it first; we trust nobody's word, which the RFC allows.
        if (value === undefined) return bad('AUTH wants an address or <>');
        break;
      case 'REQUIRETLS':
        if (!session.profile.offersRequireTls || !session.connection.secure) return unknownParameter(name);
        if (value !== undefined) return bad('REQUIRETLS takes no value');
        requireTls = true;
        break;
      default:
        return unknownParameter(name);
    }
  }
  return {
    sizeBytes,
    body,
    smtpUtf8,
    requireTls,
    ...(returnContent === undefined ? {} : { returnContent }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
  };
}

function unknownParameter(name: string): SmtpReply {
  return reply(555, '5.5.4', `${name.slice(0, 40)} is not supported`);
}

const rcpt: CommandSpec = {
  verbs: ['RCPT'],
  needs: 'transaction',
  takesArgument: 'yes',
  rfc: '5321 §4.1.1.3, 3461 §4',
  run: async (session, argument) => {
    const { transaction } = session;
    if (transaction === undefined) return;
    if (transaction.intake !== undefined) return session.reply(reply(503, '5.5.1', 'The message has begun'));
    const parsed = parsePathArgument(argument, 'TO');
    if (typeof parsed === 'string') return session.reply(pathFault(parsed));
    if (parsed.path === '') return session.reply(reply(501, '5.1.3', 'A recipient is needed'));
    const request = recipientRequest(parsed.path, parsed.parameters);
    if ('code' in request) return session.reply(request);
    if (beyondAscii(parsed.path) && !transaction.parameters.smtpUtf8 && session.profile.requiresSmtpUtf8Declared) {
      return session.reply(utf8Undeclared);
    }
    if (transaction.recipients.length >= session.services.limits.maxRecipients) {
      return session.reply(reply(452, '4.5.3', 'Too many recipients: send the others in another transaction'));
    }
    const decision = await session.profile.onRecipient(session, transaction, request);
    if ('refused' in decision) return session.reply(decision.refused);
    transaction.recipients.push(decision.accepted);
    session.reply(reply(250, '2.1.5', 'Recipient ok'));
  },
};

function recipientRequest(address: string, parameters: Parameters): RecipientRequest | SmtpReply {
  let notify: Notify | undefined;
  let originalRecipient: string | undefined;
  for (const [name, value] of parameters) {
    if (name === 'NOTIFY') {
      notify = parseNotify(value);
      if (notify === undefined) return reply(501, '5.5.4', 'NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY');
    } else if (name === 'ORCPT') {
      originalRecipient = parseOriginalRecipient(value);
      if (originalRecipient === undefined) return reply(501, '5.5.4', 'ORCPT can’t be understood');
    } else return unknownParameter(name);
  }
  return {
    address,
    ...(notify === undefined ? {} : { notify }),
    ...(originalRecipient === undefined ? {} : { originalRecipient }),
  };
}

/** RFC 3461 §4.1. */
function parseNotify(value: string | undefined): Notify | undefined {
  const words = value?.toUpperCase().split(',') ?? [];
  if (words.length === 1 && words[0] === 'NEVER') return 'NEVER';
  const known = words.filter((word) => word === 'SUCCESS' || word === 'FAILURE' || word === 'DELAY');
  return known.length > 0 && known.length === words.length ? [...new Set(known)] : undefined;
}

/** RFC 3461 §4.2, and `utf-8` addresses of RFC 6533 §3 as they are. */
function parseOriginalRecipient(value: string | undefined): string | undefined {
  const match = /^([A-Za-z0-9-]+);(.+)$/.exec(value ?? '');
  if (match === null || (value?.length ?? 0) > 500) return undefined;
  const [, type = '', encoded = ''] = match;
  const address = type.toLowerCase() === 'utf-8' ? encoded : decodeXtext(encoded);
  return address === undefined ? undefined : `${type.toLowerCase()};${address}`;
}

const rset: CommandSpec = {
  verbs: ['RSET'],
  needs: 'nothing',
  takesArgument: 'no',
  rfc: '5321 §4.1.1.5',
  run: (session) => {
    session.endTransaction();
    session.reply(reply(250, '2.0.0', 'Reset'));
  },
};

function beyondAscii(text: string): boolean {
  return /[^\u0000-\u007f]/.test(text);
}

export const mailCommands: readonly CommandSpec[] = [mail, rcpt, rset];
