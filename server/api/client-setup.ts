/**
 * What a mail program must know to reach this server, in the two forms that programs ask for: Mozilla's autoconfig (config-v1.1.xml) and Microsoft's autodiscover (POX, outlook
 * response schema 2006a). Both tell names and ports only; nothing depends on whether the address exists.
 */
import type { Config, ServiceName } from '../config/schema.ts';
import type { QrServer } from './contract/account-qr.ts';
import type { ServiceRecord } from './contract/dns-records.ts';

type Server = {
  readonly type: 'imap' | 'pop3' | 'smtp';
  readonly port: number;
  readonly socket: 'SSL' | 'STARTTLS' | 'plain';
};

/** The best first. A port of 0 is any free one: nobody could be told of it. */
export function serversOf(config: Config): Server[] {
  const hasCertificate = config.tls.cert !== undefined;
  const known: readonly (readonly [Server['type'], ServiceName, Server['socket']])[] = [
    ['imap', 'imaps', 'SSL'],
    ['imap', 'imap', hasCertificate ? 'STARTTLS' : 'plain'],
    ['pop3', 'pop3s', 'SSL'],
    ['pop3', 'pop3', hasCertificate ? 'STARTTLS' : 'plain'],
    ['smtp', 'submissions', 'SSL'],
    ['smtp', 'submission', hasCertificate ? 'STARTTLS' : 'plain'],
  ];
  return known.flatMap(([type, name, socket]) => {
    const { enabled, port } = config.services[name];
    if (enabled === false || port === 0 || (socket === 'SSL' && !hasCertificate)) return [];
    return [{ type, port, socket }];
  });
}

/** The ways that one account uses: with TLS from the first byte where that runs and its port is known, else the other one. */
export function waysOf(config: Config, usePop3: boolean): { readonly incoming: QrServer; readonly outgoing: QrServer } {
  const way = (secure: ServiceName, plain: ServiceName): QrServer => {
    const { enabled, port } = config.services[secure];
    const hasCertificate = config.tls.cert !== undefined;
    if (enabled !== false && hasCertificate && port !== 0) return { host: config.hostname, port, security: 'implicit' };
    return { host: config.hostname, port: config.services[plain].port, security: hasCertificate ? 'starttls' : 'none' };
  };
  return { incoming: usePop3 ? way('pop3s', 'pop3') : way('imaps', 'imap'), outgoing: way('submissions', 'submission') };
}

/** What DNS may tell of: services that can be reached encrypted, one way or the other. */
export function portsOf(config: Config): Partial<Record<ServiceRecord, number>> {
  if (config.tls.cert === undefined) return {};
  const ports: Partial<Record<ServiceRecord, number>> = {};
  for (const name of ['imaps', 'imap', 'pop3s', 'pop3', 'submissions', 'submission'] as const) {
    const { enabled, port } = config.services[name];
    if (enabled !== false && port !== 0) ports[name] = port;
  }
  return ports;
}

/** For Thunderbird and others. */
export function autoconfigXml(config: Config, address: string): string {
  const domain = address.slice(address.lastIndexOf('@') + 1) || config.hostname;
  const servers = serversOf(config).map(({ type, port, socket }) => {
    const element = type === 'smtp' ? 'outgoingServer' : 'incomingServer';
    return [
      `    <${element} type="${type}">`,
      `      <hostname>${escapeXml(config.hostname)}</hostname>`,
      `      <port>${port}</port>`,
      `      <socketType>${socket}</socketType>`,
      '      <authentication>password-cleartext</authentication>',
      '      <username>%EMAILADDRESS%</username>',
      `    </${element}>`,
    ].join('\n');
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<clientConfig version="1.1">',
    `  <emailProvider id="${escapeXml(config.hostname)}">`,
    `    <domain>${escapeXml(domain)}</domain>`,
    `    <displayName>${escapeXml(domain)}</displayName>`,
    `    <displayShortName>${escapeXml(domain)}</displayShortName>`,
    ...servers,
    '  </emailProvider>',
    '</clientConfig>',
    '',
  ].join('\n');
}

/** For Outlook and others. */
export function autodiscoverXml(config: Config, address: string): string {
  const best = (type: Server['type']): Server[] =>
    serversOf(config)
      .filter((one) => one.type === type)
      .slice(0, 1);
  const protocols = [...best('imap'), ...best('pop3'), ...best('smtp')].map(({ type, port, socket }) =>
    [
      '      <Protocol>',
      `        <Type>${type.toUpperCase()}</Type>`,
      `        <Server>${escapeXml(config.hostname)}</Server>`,
      `        <Port>${port}</Port>`,
      `        <LoginName>${escapeXml(address)}</LoginName>`,
      '        <DomainRequired>off</DomainRequired>',
      '        <SPA>off</SPA>',
      `        <SSL>${socket === 'plain' ? 'off' : 'on'}</SSL>`,
      `        <Encryption>${socket === 'SSL' ? 'SSL' : socket === 'STARTTLS' ? 'TLS' : 'None'}</Encryption>`,
      '        <AuthRequired>on</AuthRequired>',
      '      </Protocol>',
    ].join('\n'),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">',
    '  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">',
    '    <Account>',
    '      <AccountType>email</AccountType>',
    '      <Action>settings</Action>',
    ...protocols,
    '    </Account>',
    '  </Response>',
    '</Autodiscover>',
    '',
  ].join('\n');
}

/** The address in an autodiscover request; undefined when there is none. */
export function askedAddress(request: string): string | undefined {
  const found = /<(?:\w{1,20}:)?EMailAddress>\s*([^<>\s]{3,320})\s*</i.exec(request.slice(0, 10_000))?.[1];
  return found?.includes('@') === true ? unescapeXml(found) : undefined;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
