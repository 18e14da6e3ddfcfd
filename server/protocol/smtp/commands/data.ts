/** DATA and BDAT: receiving the message and answering for it (RFC 5321 §4.1.1.4, RFC 3030 §2, RFC 2033 §4.2). */
import type { CommandSpec } from '../command-spec.ts';
import { replyForFault } from '../fault-reply.ts';
import { Intake } from '../intake.ts';
import type { SmtpSession } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { plainReply, reply, type SmtpReply } from '../wire/reply.ts';

/** A client that sends this many times the limit is cut off instead of being read to the end. */
const DRAIN_FACTOR = 4;

const noRecipients = reply(503, '5.5.1', 'No valid recipients');

const data: CommandSpec = {
  verbs: ['DATA'],
  needs: 'transaction',
  takesArgument: 'no',
  rfc: '5321 §4.1.1.4',
  run: async (session) => {
    const { transaction } = session;
    if (transaction === undefined) return;
    if (transaction.intake !== undefined || transaction.failure !== undefined) {
      return session.reply(reply(503, '5.5.1', 'This message came by BDAT so far'));
    }
    // RFC 3030 §3: binary bodies can't be ended by a line.
    if (transaction.parameters.body === 'BINARYMIME') return session.reply(reply(503, '5.5.1', 'BINARYMIME needs BDAT'));
    if (transaction.recipients.length === 0) return session.reply(noRecipients);
    const intake = newIntake(session, transaction);
    await intake.reserve(transaction.parameters.sizeBytes);
    if (intake.fault !== undefined) {
      session.reply(faultOf(intake, session));
      session.endTransaction();
      return;
    }
    session.reply(plainReply(354, 'Send the message, end it with a line that holds only a dot'));
    session.reader.expectData();
    await receive(session, intake);
    await finish(session, transaction, intake);
  },
};

const bdat: CommandSpec = {
  verbs: ['BDAT'],
  needs: 'nothing',
  takesArgument: 'yes',
  capability: () => 'CHUNKING',
  rfc: '3030 §2',
  run: async (session, argument) => {
    const match = /^(\d{1,15})(?: +(LAST))?$/i.exec(argument);
    if (match === null) {
      // How many octets follow is unknown, and they must not be read as commands.
      session.reply(reply(501, '5.5.4', 'BDAT wants a size'));
      session.close();
      return;
    }
    const size = Number(match[1]);
    const last = match[2] !== undefined;
    const { transaction } = session;
    session.reader.expectChunk(size);
    const refusal = chunkRefusal(session, transaction);
    if (refusal !== undefined || transaction === undefined) {
      await skip(session);
      session.reply(refusal ?? noRecipients);
      return;
    }
    let { intake } = transaction;
    if (intake === undefined) {
      intake = newIntake(session, transaction);
      await intake.reserve(Math.max(size, transaction.parameters.sizeBytes));
    }
    await receive(session, intake);
    if (last) {
      await finish(session, transaction, intake);
      return;
    }
    if (intake.fault !== undefined) {
      transaction.failure = faultOf(intake, session);
      session.reply(transaction.failure);
      return;
    }
    session.reply(reply(250, '2.0.0', `${size} octets received`));
  },
};

/** Why a chunk is not taken; its octets are read all the same. */
function chunkRefusal(session: SmtpSession, transaction: Transaction | undefined): SmtpReply | undefined {
  if (session.profile.requiresAuth && session.account === undefined) return reply(530, '5.7.0', 'Authentication required');
  if (transaction === undefined) return reply(503, '5.5.1', 'MAIL comes first');
  if (transaction.recipients.length === 0) return noRecipients;
  return transaction.failure;
}

function newIntake(session: SmtpSession, transaction: Transaction): Intake {
  const { limits, memory } = session.services;
  const intake = new Intake({ budget: memory, maxMessageBytes: limits.maxMessageBytes, waitMs: limits.memoryWaitMs });
  // From here on the transaction's end gives the memory back, whatever happens.
  transaction.intake = intake;
  return intake;
}

/** Reads until the message or chunk is complete. */
async function receive(session: SmtpSession, intake: Intake): Promise<void> {
  const cutOff = session.services.limits.maxMessageBytes * DRAIN_FACTOR;
  for (;;) {
    const event = await session.nextEvent();
    if (event === undefined) throw new ClientGone();
    if (event.kind === 'end') return;
    if (event.kind !== 'data') continue;
    await intake.add(event.bytes);
    if (intake.receivedBytes > cutOff) {
      session.reply(reply(421, '4.7.0', 'Far too much data'));
      session.close();
      throw new ClientGone();
    }
  }
}

async function skip(session: SmtpSession): Promise<void> {
  for (;;) {
    const event = await session.nextEvent();
    if (event === undefined) throw new ClientGone();
    if (event.kind === 'end') return;
  }
}

/** The connection ended inside a message: nothing to answer. */
export class ClientGone extends Error {}

async function finish(session: SmtpSession, transaction: Transaction, intake: Intake): Promise<void> {
  const replies = await outcome(session, transaction, intake);
  const count = session.profile.perRecipientReplies ? transaction.recipients.length : 1;
  const fallback = reply(451, '4.3.0', 'Try again later');
  for (let index = 0; index < count; index += 1) session.reply(replies[index] ?? replies[0] ?? fallback);
  session.endTransaction();
}

async function outcome(session: SmtpSession, transaction: Transaction, intake: Intake): Promise<readonly SmtpReply[]> {
  if (intake.fault !== undefined) return [faultOf(intake, session)];
  try {
    return await session.profile.onMessage(session, transaction, (head) => intake.join(head));
  } catch (error) {
    session.log.error('accepting a message failed', { transaction: transaction.id, error });
    return [replyForFault(error)];
  }
}

function faultOf(intake: Intake, session: SmtpSession): SmtpReply {
  return intake.fault === 'too-big'
    ? reply(552, '5.3.4', `The message is too big: at most ${session.services.limits.maxMessageBytes} octets`)
    : reply(451, '4.3.1', 'Too many messages are being received: try again later');
}

export const dataCommands: readonly CommandSpec[] = [data, bdat];
