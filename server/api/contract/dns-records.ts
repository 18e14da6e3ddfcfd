/** The DNS records that a domain needs for mail with the world, and for mail programs that look for their settings. Pure; the GUI makes its list with it too. */

export type DnsRecord = {
  /** What it is for; services are those of RFC 6186 and RFC 8314. */
  readonly purpose: 'mx' | 'spf' | 'dkim' | 'dmarc' | ServiceRecord;
  readonly type: 'MX' | 'TXT' | 'SRV';
  /** Full name, without a dot at the end. */
  readonly name: string;
  readonly value: string;
};

/** The best first: encrypted from the first byte. */
export const SERVICE_RECORDS = ['imaps', 'submissions', 'pop3s', 'imap', 'submission', 'pop3', 'sieve', 'autodiscover'] as const;
export type ServiceRecord = (typeof SERVICE_RECORDS)[number];

export type RecordFacts = {
  readonly domain: string;
  /** The name of the server in DNS. */
  readonly server: string;
  readonly dkim: readonly { readonly name: string; readonly value: string }[];
  /** Ports of what runs; `autodiscover` is one of HTTPS. */
  readonly ports: Readonly<Partial<Record<ServiceRecord, number>>>;
};

export function recordsOf({ domain, server, dkim, ports }: RecordFacts): DnsRecord[] {
  return [
    { purpose: 'mx', type: 'MX', name: domain, value: `10 ${server}.` },
    { purpose: 'spf', type: 'TXT', name: domain, value: 'v=spf1 mx -all' },
    ...dkim.map(({ name, value }) => ({ purpose: 'dkim', type: 'TXT', name, value }) as const),
    { purpose: 'dmarc', type: 'TXT', name: `_dmarc.${domain}`, value: `v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}` },
    ...SERVICE_RECORDS.flatMap((service, index): DnsRecord[] => {
      const port = ports[service];
      if (port === undefined || port === 0) return [];
      // RFC 6186 §3.4: of two ways to the same the lower priority is taken first. RFC 8314 §5.1: TLS from the first byte is the better one.
      const priority = index < 3 || index > 5 ? 0 : 10;
      return [{ purpose: service, type: 'SRV', name: `_${service}._tcp.${domain}`, value: `${priority} 1 ${port} ${server}.` }];
    }),
  ];
}

/** RFC 1035 §5: as a zone file. A TXT string holds at most 255 octets (RFC 1035 §3.3), longer ones are several. */
export function zoneFile(records: readonly DnsRecord[]): string {
  return records
    .map(({ name, type, value }) => {
      const data =
        type === 'TXT' ? (value.match(/.{1,255}/gs) ?? ['']).map((part) => `"${part.replaceAll('"', '\\"')}"`).join(' ') : value;
      return `${name}. 3600 IN ${type} ${data}`;
    })
    .join('\n')
    .concat('\n');
}
