/**
 * An Apple configuration profile (.mobileconfig) that sets up one account with its application password, over encrypted ports wherever the server has them. The payload
 * type is `com.apple.mail.managed`. Signed in the server's name, so that the device shows from whom it is; with a certificate that the device does not know it says so and asks.
 */
import { createHash } from 'node:crypto';
import { build } from 'plist';
import { waysOf } from './client-setup.ts';
import { signCms, type Signer } from '../auth/cms-signature.ts';
import type { Config } from '../config/schema.ts';

export type ProfileAccount = {
  readonly id: string;
  /** The person's name; may be empty. */
  readonly name: string;
  readonly address: string;
  readonly username: string;
  readonly password: string;
  readonly description: string;
  readonly usePop3: boolean;
};

/** Signed where there is a certificate; else the XML alone. */
export async function signedProfile(xml: string, signer: Signer | undefined): Promise<Buffer> {
  return signer === undefined ? Buffer.from(xml) : signCms(Buffer.from(xml), signer);
}

/** The profile as XML. */
export function mobileProfile(config: Config, account: ProfileAccount): string {
  const { id, name, address, username, password, description, usePop3 } = account;
  const { incoming, outgoing } = waysOf(config, usePop3);
  const identifier = `${config.hostname.split('.').reverse().join('.')}.mallard.${id}`;
  return build({
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: uuidOf(`${identifier}/profile`),
    PayloadDisplayName: description,
    PayloadDescription: `Mail account ${address}`,
    PayloadOrganization: config.hostname,
    PayloadContent: [
      {
        PayloadType: 'com.apple.mail.managed',
        PayloadVersion: 1,
        PayloadIdentifier: `${identifier}.mail`,
        PayloadUUID: uuidOf(`${identifier}/mail`),
        PayloadDisplayName: description,
        EmailAccountDescription: description,
        EmailAccountName: name,
        EmailAccountType: usePop3 ? 'EmailTypePOP' : 'EmailTypeIMAP',
        EmailAddress: address,
        IncomingMailServerAuthentication: 'EmailAuthPassword',
        IncomingMailServerHostName: config.hostname,
        IncomingMailServerPortNumber: incoming.port,
        IncomingMailServerUseSSL: incoming.security !== 'none',
        IncomingMailServerUsername: username,
        IncomingPassword: password,
        OutgoingMailServerAuthentication: 'EmailAuthPassword',
        OutgoingMailServerHostName: config.hostname,
        OutgoingMailServerPortNumber: outgoing.port,
        OutgoingMailServerUseSSL: outgoing.security !== 'none',
        OutgoingMailServerUsername: username,
        OutgoingPassword: password,
        OutgoingPasswordSameAsIncomingPassword: true,
        PreventMove: false,
        SMIMEEnabled: false,
      },
    ],
  });
}

/** The same profile keeps its id, so that installing it again replaces the account. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `A${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
