/** EHLO, HELO, LHLO (RFC 5321 §4.1.1.1, RFC 2033 §4.1). */
import type { CommandSpec } from '../command-spec.ts';
import type { SmtpSession } from '../session.ts';
import { plainReply, reply } from '../wire/reply.ts';

/** `offers` = every command spec of the service, for its capabilities. */
export function helloCommand(offers: () => readonly CommandSpec[]): CommandSpec {
  return {
    verbs: ['EHLO', 'HELO', 'LHLO'],
    needs: 'nothing',
    takesArgument: 'yes',
    availableIn: () => true,
    rfc: '5321 §4.1.1.1',
    run: (session, argument, verb) => {
      if (!session.profile.hello.includes(verb)) {
        session.reply(reply(500, '5.5.1', `This is ${session.profile.protocol}: say ${session.profile.hello.join(' or ')}`));
        return;
      }
      // RFC 5321 §4.1.4: mail is not refused for the name; it only has to be one word, for it ends up in Received.
      if (!/^[^\s\u0000-\u001f\u007f]{1,255}$/.test(argument)) {
        session.reply(reply(501, '5.5.4', 'Say your host name'));
        return;
      }
      session.greet({ verb, name: argument });
      const greeting = `${session.services.config.hostname} at your service`;
      session.reply(plainReply(250, verb === 'HELO' ? greeting : [greeting, ...capabilities(session, offers())]));
    },
  };
}

function capabilities(session: SmtpSession, specs: readonly CommandSpec[]): readonly string[] {
  const fromCommands = specs.map((spec) => spec.capability?.(session)).filter((line) => line !== undefined);
  return [
    'PIPELINING',
    `SIZE ${session.services.limits.maxMessageBytes}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    ...fromCommands,
    ...session.profile.extensions,
    // RFC 8689 §2: only over TLS.
    ...(session.profile.offersRequireTls && session.connection.secure ? ['REQUIRETLS'] : []),
  ];
}
