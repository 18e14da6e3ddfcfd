/** Faults as SMTP replies. A client never sees the text of any other exception. */
import { isFault } from '../../base/fault.ts';
import { reply, type SmtpReply } from './wire/reply.ts';

export function replyForFault(error: unknown): SmtpReply {
  if (!isFault(error)) return reply(451, '4.3.0', 'Internal error: try again later');
  switch (error.code) {
    case 'UNAVAILABLE':
      return reply(451, '4.3.0', 'The mail store is not available: try again later');
    case 'OVERQUOTA':
      return reply(452, '4.2.2', 'The mailbox is full');
    case 'TOOBIG':
      return reply(552, '5.3.4', 'The message is too big');
    case 'NONEXISTENT':
      return reply(550, '5.1.1', 'No such user here');
    default:
      break;
  }
  switch (error.kind) {
    case 'syntax':
      return reply(501, '5.5.2', error.message);
    case 'user':
      return reply(550, '5.7.0', error.message);
    case 'busy':
      return reply(451, '4.3.0', 'Try again later');
    case 'server':
    case 'connection':
      return reply(451, '4.3.0', 'Internal error: try again later');
  }
}
