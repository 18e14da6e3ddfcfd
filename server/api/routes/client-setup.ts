/** Settings for mail programs. */
import type { FastifyReply } from 'fastify';
import { InvalidInput } from '../../operations/refusal.ts';
import { askedAddress, autoconfigXml, autodiscoverXml } from '../client-setup.ts';
import { clientSetup } from '../contract/client-setup.ts';
import { type ApiContext, type Route, rawRoute } from '../context.ts';

export function clientSetupRoutes({ config }: ApiContext): Route[] {
  const answer = async (reply: FastifyReply, xml: string): Promise<void> => {
    await reply.type('text/xml; charset=utf-8').send(xml);
  };
  return [
    rawRoute(clientSetup.wellKnown, ({ input, reply }) => answer(reply, autoconfigXml(config, input.emailaddress ?? ''))),
    rawRoute(clientSetup.autoconfig, ({ input, reply }) => answer(reply, autoconfigXml(config, input.emailaddress ?? ''))),
    rawRoute(clientSetup.autodiscover, async ({ input, raw, reply }) => {
      const address = raw === undefined ? input.emailaddress : askedAddress(raw.toString());
      if (address === undefined) throw new InvalidInput('emailaddress', 'is required');
      await answer(reply, autodiscoverXml(config, address));
    }),
  ];
}
