/** How mail programs find their settings: fixed paths that they ask below the address's domain. */
import { rawText, text } from './fields.ts';
import { define } from './route.ts';

const group = 'ClientSetup';
const input = { emailaddress: text({ max: 320 }) };
const common = { group, access: 'open' as const, output: undefined, produces: 'text/xml' };

export const clientSetup = {
  wellKnown: define('GET /.well-known/autoconfig/mail/config-v1.1.xml', {
    ...common,
    operation: 'getAutoconfig',
    summary: 'Servers and ports, as Thunderbird asks for them',
    input,
  }),
  autoconfig: define('GET /mail/config-v1.1.xml', {
    ...common,
    operation: 'getAutoconfigOfHost',
    summary: 'The same at the host autoconfig.DOMAIN',
    input,
  }),
  autodiscover: define('POST /autodiscover/autodiscover.xml', {
    ...common,
    operation: 'autodiscover',
    summary: 'Servers and ports, as Outlook asks for them',
    input: { emailaddress: rawText({ max: 320 }).optional() },
    rawBody: true,
  }),
};
