/**
 * The QR code by which Thunderbird for Android takes an account over ("Export for Mobile", format version 1): JSON arrays, one account in one code. Pure; the GUI makes its
 * own with it, for the name by which the person's device reaches this computer.
 */

export type QrServer = { readonly host: string; readonly port: number; readonly security: 'none' | 'starttls' | 'implicit' };

export type QrAccount = {
  readonly protocol: 'imap' | 'pop3';
  readonly incoming: QrServer;
  readonly outgoing: QrServer;
  readonly username: string;
  /** Left out: the device asks for it. */
  readonly password?: string | undefined;
  readonly address: string;
  /** The person's name. */
  readonly name: string;
};

const FORMAT_VERSION = 1;
const PASSWORD_CLEARTEXT = 1;
const PROTOCOLS = { imap: 0, pop3: 1 } as const;
const SMTP = 0;
const SECURITY = { none: 0, starttls: 2, implicit: 3 } as const;

/** The text of the code. */
export function accountQr({ protocol, incoming, outgoing, username, password, address, name }: QrAccount): string {
  const way = ({ host, port, security }: QrServer): unknown[] => [host, port, SECURITY[security], PASSWORD_CLEARTEXT, username];
  const secret = password === undefined ? [] : [password];
  return JSON.stringify([
    FORMAT_VERSION,
    // The first of one.
    [1, 1],
    // The account's name is its address.
    [PROTOCOLS[protocol], ...way(incoming), ...(password === undefined ? [] : ['']), ...secret],
    [
      [
        [SMTP, ...way(outgoing), ...secret],
        [address, name],
      ],
    ],
  ]);
}
