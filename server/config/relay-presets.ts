/**
 * Well-known relays: where they listen and what a person has to know. Whoever picks one fills in name and password. Imported by the appliance and the GUI as well.
 */

export type RelayPreset = {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: 'required' | 'implicit';
  /** What stands in for the login's name and password there. */
  readonly hint: string;
};

const APP_PASSWORD = 'Your address, and a password for apps that you make in the account’s security settings';

export const RELAY_PRESETS: readonly RelayPreset[] = [
  preset('gmail', 'Gmail', 'smtp.gmail.com', 465, APP_PASSWORD),
  preset('google-workspace', 'Google Workspace relay', 'smtp-relay.gmail.com', 587, 'Your address, and a password for apps'),
  preset('outlook', 'Outlook.com', 'smtp-mail.outlook.com', 587, APP_PASSWORD),
  preset('office365', 'Microsoft 365', 'smtp.office365.com', 587, 'Your address; SMTP AUTH must be switched on for it'),
  preset('icloud', 'iCloud Mail', 'smtp.mail.me.com', 587, 'Your address, and an app-specific password'),
  preset('yahoo', 'Yahoo Mail', 'smtp.mail.yahoo.com', 465, APP_PASSWORD),
  preset('fastmail', 'Fastmail', 'smtp.fastmail.com', 465, APP_PASSWORD),
  preset('zoho', 'Zoho Mail', 'smtp.zoho.com', 465, 'Your address and its password'),
  preset('gmx', 'GMX', 'mail.gmx.net', 465, 'Your address and its password; POP3 and IMAP must be switched on'),
  preset('webde', 'WEB.DE', 'smtp.web.de', 465, 'Your address and its password; POP3 and IMAP must be switched on'),
  preset('t-online', 'Telekom', 'securesmtp.t-online.de', 465, 'Your address, and the password for mail programs'),
  preset('ionos', 'IONOS', 'smtp.ionos.com', 465, 'The mailbox’s address and password'),
  preset('strato', 'STRATO', 'smtp.strato.de', 465, 'The mailbox’s address and password'),
  preset('ovh', 'OVHcloud', 'ssl0.ovh.net', 465, 'The mailbox’s address and password'),
  preset('mailbox-org', 'mailbox.org', 'smtp.mailbox.org', 465, 'Your address and its password'),
  preset(
    'ses-eu-west-1',
    'Amazon SES (Ireland)',
    'email-smtp.eu-west-1.amazonaws.com',
    465,
    'The SMTP credentials of the region',
  ),
  preset(
    'ses-us-east-1',
    'Amazon SES (N. Virginia)',
    'email-smtp.us-east-1.amazonaws.com',
    465,
    'The SMTP credentials of the region',
  ),
  preset('sendgrid', 'SendGrid', 'smtp.sendgrid.net', 465, 'The name "apikey", and an API key'),
  preset('mailgun', 'Mailgun', 'smtp.mailgun.org', 465, 'The SMTP credentials of the domain'),
  preset('mailjet', 'Mailjet', 'in-v3.mailjet.com', 465, 'API key and secret key'),
  preset('brevo', 'Brevo', 'smtp-relay.brevo.com', 465, 'Your login, and an SMTP key'),
  preset('postmark', 'Postmark', 'smtp.postmarkapp.com', 587, 'The server’s token, twice'),
  preset('smtp2go', 'SMTP2GO', 'mail.smtp2go.com', 465, 'An SMTP user and its password'),
];

function preset(id: string, name: string, host: string, port: number, hint: string): RelayPreset {
  return { id, name, host, port, tls: port === 465 ? 'implicit' : 'required', hint };
}
