/** The DNS records that a domain needs for mail with the world. Pure. */
export interface DnsRecord {
  readonly purpose: 'mx' | 'spf' | 'dkim' | 'dmarc' | 'imaps' | 'submissions';
  readonly type: 'MX' | 'TXT' | 'SRV';
  /** Full name, without a dot at the end. */
  readonly name: string;
  readonly value: string;
}

export interface RecordFacts {
  readonly domain: string;
  /** The name of the server in DNS. */
  readonly server: string;
  readonly dkim: { readonly name: string; readonly value: string } | undefined;
  readonly imapsPort: number | undefined;
  readonly submissionsPort: number | undefined;
}

export function recordsOf({ domain, server, dkim, imapsPort, submissionsPort }: RecordFacts): DnsRecord[] {
  return [
    { purpose: 'mx', type: 'MX', name: domain, value: `10 ${server}.` },
    { purpose: 'spf', type: 'TXT', name: domain, value: 'v=spf1 mx -all' },
    ...(dkim === undefined ? [] : [{ purpose: 'dkim', type: 'TXT', name: dkim.name, value: dkim.value } as const]),
    { purpose: 'dmarc', type: 'TXT', name: `_dmarc.${domain}`, value: `v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}` },
    // RFC 6186, RFC 8314: mail programs find the servers by these.
    ...(imapsPort === undefined
      ? []
      : [{ purpose: 'imaps', type: 'SRV', name: `_imaps._tcp.${domain}`, value: `0 1 ${imapsPort} ${server}.` } as const]),
    ...(submissionsPort === undefined
      ? []
      : [
          {
            purpose: 'submissions',
            type: 'SRV',
            name: `_submissions._tcp.${domain}`,
            value: `0 1 ${submissionsPort} ${server}.`,
          } as const,
        ]),
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
