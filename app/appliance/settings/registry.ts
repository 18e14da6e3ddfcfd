/**
 * Every setting of the appliance. The settings page, `docs/settings.md`, `mallard config` and the validator are made from this table: a setting
 * that is not here does not exist.
 *
 * A default port stands for "the standard port, or standard + 10000 where that cannot be bound"; a port that somebody has set is taken at its
 * word. See ports.ts.
 */
import { bytes, choice, flag, integer, list, port, type RestartNeed, type Setting, text } from './setting.ts';

const mebibyte = 1024 * 1024;

/** `any`, `localhost`, an IPv4 or IPv6 address, or a host name. */
const hostForm = {
  pattern: /^([0-9A-Za-z]([0-9A-Za-z.-]{0,252}[0-9A-Za-z])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[0-9A-Za-z]+)?)$/,
  allowed: 'any for every address of this computer, localhost for this computer only, an IP address, or a host name',
};
const nameForm = {
  pattern: /^$|^(?=.{1,253}$)[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?)*$/u,
};
const nameOrAddress = { pattern: /^$|^[0-9A-Za-z:][0-9A-Za-z.:-]{0,252}$/ };
const worker = 'worker' satisfies RestartNeed;

export const settings = {
  'server.hostname': text(
    '',
    { ...nameForm, allowed: 'a host name such as mail.example.org, or nothing for the name of this computer' },
    {
      restart: 'worker',
      help: 'The name by which this server greets, and the first name in its certificate. Empty: the name of this computer.',
    },
  ),
  'server.names': list(
    [],
    { ...nameForm, allowed: 'host names', max: 50 },
    {
      restart: 'none',
      help: 'More names by which clients reach this server. They are added to the certificate. Where a public authority issues certificates too, workers restart.',
    },
  ),
  'acme.enabled': flag(false, {
    restart: worker,
    help: 'Have certificates for the names above issued by a public authority (Let’s Encrypt), and renewed. To switch it on is to agree to its terms of service. The authority must reach this computer from the Internet.',
  }),
  'acme.email': text(
    '',
    { pattern: /^$|^[^\s@]+@[^\s@]+$/, allowed: 'an email address, or nothing' },
    { restart: worker, help: 'Where the authority may write to, for example when a certificate is about to end.' },
  ),
  'acme.challenge': choice('http-01', ['http-01', 'tls-alpn-01'], {
    restart: worker,
    help: 'How the authority is shown that a name leads here: http-01 on port 80, tls-alpn-01 on port 443. The port is open only while it asks.',
  }),
  'acme.directory': text(
    'https://acme-v02.api.letsencrypt.org/directory',
    { pattern: /^https:\/\/\S+$/, allowed: 'the https URL of an ACME directory' },
    { restart: worker, help: 'The authority. Another one, or the staging directory of Let’s Encrypt for trying.' },
  ),
  'acme.httpPort': integer(
    80,
    { min: 0, max: 65_535 },
    {
      restart: worker,
      help: 'The port for http-01, where port 80 of the Internet is passed on to another one here. 0: none; another web server passes /.well-known/acme-challenge/ to the HTTP API.',
    },
  ),
  'acme.tlsPort': integer(
    443,
    { min: 1, max: 65_535 },
    { restart: worker, help: 'The port for tls-alpn-01, where port 443 of the Internet is passed on to another one here.' },
  ),
  'server.announce': flag(true, {
    restart: 'none',
    help: 'Announce IMAP, POP3 and submission over TLS and this page on the local network (mDNS), so that devices find them. Only what others can reach is announced.',
  }),
  workers: integer(
    1,
    { min: 1, max: 64 },
    {
      restart: 'worker',
      help: 'How many worker processes share the listening ports. One serves an office; more use more processor cores.',
    },
  ),

  'imap.enabled': flag(true, { restart: worker, help: 'Serve IMAP; clients upgrade to TLS by STARTTLS.' }),
  'imap.host': host('any', 'The address on which IMAP listens.'),
  'imap.port': port(143, { restart: worker, help: 'The port of IMAP.' }),
  'imaps.enabled': flag(true, { restart: worker, help: 'Serve IMAP with TLS from the first byte.' }),
  'imaps.host': host('any', 'The address on which IMAP over TLS listens.'),
  'imaps.port': port(993, { restart: worker, help: 'The port of IMAP over TLS.' }),
  'pop3.enabled': flag(true, { restart: worker, help: 'Serve POP3; clients upgrade to TLS by STLS.' }),
  'pop3.host': host('any', 'The address on which POP3 listens.'),
  'pop3.port': port(110, { restart: worker, help: 'The port of POP3.' }),
  'pop3s.enabled': flag(true, { restart: worker, help: 'Serve POP3 with TLS from the first byte.' }),
  'pop3s.host': host('any', 'The address on which POP3 over TLS listens.'),
  'pop3s.port': port(995, { restart: worker, help: 'The port of POP3 over TLS.' }),
  'managesieve.enabled': flag(true, {
    restart: worker,
    help: 'Let mail programs manage the filter scripts of their users (ManageSieve).',
  }),
  'managesieve.host': host('any', 'The address on which ManageSieve listens.'),
  'managesieve.port': port(4190, { restart: worker, help: 'The port of ManageSieve.' }),
  'lmtp.enabled': flag(true, { restart: worker, help: 'Take mail by LMTP from another mail server. LMTP asks for no password.' }),
  'lmtp.host': host('localhost', 'The address on which LMTP listens. Whoever reaches it can deliver to every user.'),
  'lmtp.port': port(24, { restart: worker, help: 'The port of LMTP.' }),
  'smtp.enabled': flag(true, { restart: worker, help: 'Take mail from other servers by SMTP.' }),
  'smtp.host': host('any', 'The address on which SMTP listens.'),
  'smtp.port': port(25, { restart: worker, help: 'The port of SMTP.' }),
  'submission.enabled': flag(true, { restart: worker, help: 'Let users send mail; their programs upgrade to TLS by STARTTLS.' }),
  'submission.host': host('any', 'The address on which submission listens.'),
  'submission.port': port(587, { restart: worker, help: 'The port of submission.' }),
  'submissions.enabled': flag(true, { restart: worker, help: 'Let users send mail with TLS from the first byte.' }),
  'submissions.host': host('any', 'The address on which submission over TLS listens.'),
  'submissions.port': port(465, { restart: worker, help: 'The port of submission over TLS.' }),
  'api.enabled': flag(true, {
    restart: worker,
    help: "Serve the HTTP API. The command line's user commands and the GUI need it.",
  }),
  'api.host': host('localhost', 'The address on which the HTTP API listens. It speaks plain HTTP: keep it on this computer.'),
  'api.port': port(8080, { restart: worker, help: 'The port of the HTTP API.' }),
  'gui.host': host(
    'localhost',
    'From where the GUI can be reached. On this computer always; other computers use https:// and the administrator’s password.',
    'none',
  ),
  'gui.port': port(8090, { restart: 'appliance', help: 'The port of the GUI and the control API.' }),

  'auth.allowPlaintext': choice('loopback', ['never', 'loopback', 'always'], {
    restart: worker,
    help: 'From where a password may come over a connection without TLS. "always" only if an old device needs it. true and false mean always and never.',
    alias: { true: 'always', false: 'never' },
  }),
  'tls.minVersion': choice('TLSv1.2', ['TLSv1.2', 'TLSv1.3'], {
    restart: worker,
    help: 'The oldest version of TLS that is accepted.',
  }),
  'store.maxMessageBytes': bytes(
    64 * mebibyte,
    { min: mebibyte, max: 1024 * mebibyte },
    { restart: worker, help: 'The largest message that is taken, by any protocol.' },
  ),
  'delivery.quotaFailure': choice('temporary', ['temporary', 'permanent'], {
    restart: worker,
    help: 'The answer to mail for a full mailbox: try again later (452), or refused (552).',
  }),
  'delivery.labelToMailbox': choice('existing', ['never', 'existing'], {
    restart: worker,
    help: 'Whether mail for user+label goes to the mailbox named label, where the user has one.',
  }),
  'pop3.onDelete': choice('trash', ['trash', 'expunge'], {
    restart: worker,
    help: 'What becomes of a message that a POP3 client deletes: it goes to Trash, or it is gone.',
  }),
  'pop3.maxMessages': integer(
    0,
    { min: 0, max: 10_000_000, unit: 'messages' },
    { restart: worker, help: 'How many of the newest messages a POP3 client sees. 0: all.' },
  ),
  'smtp.maxRecipients': integer(1000, { min: 1, max: 100_000 }, { restart: worker, help: 'The most recipients of one message.' }),
  'smtp.fromOwnership': flag(true, { restart: worker, help: 'Users send only with addresses of their own.' }),
  'smtp.saveSent': flag(true, {
    restart: worker,
    help: 'Put a copy of what a user sends into Sent, unless the mail program did.',
  }),

  'smtp.maxMessagesPerHour': integer(
    300,
    { min: 0, max: 1_000_000, unit: 'messages' },
    {
      restart: worker,
      help: 'How many messages a user may send in an hour. 0: only the recipients a day are limited, by the user’s own setting.',
    },
  ),
  'smtp.devices': list(
    [],
    {
      pattern: /^[0-9A-Fa-f:.]+(\/\d{1,3})? [^\s,]+@[^\s,]+( \d{1,7})?$/,
      allowed:
        'an address or network, the sender’s address and, if wanted, recipients an hour, such as 192.168.1.20 scanner@example.org 100',
      max: 200,
    },
    {
      restart: worker,
      help: 'Printers, scanners and other devices that send without a login. Each sends as the user given, who also gets its returned mail.',
    },
  ),
  'smtp.checks': flag(true, { restart: worker, help: 'Check SPF, DKIM, ARC and DMARC of mail from other servers.' }),

  'smtp.dmarc': list(
    [],
    {
      pattern: /^(\*|[^\s,@*]+) (enforce|quarantine|ignore)$/,
      allowed: 'a domain (or * for all) and enforce, quarantine or ignore, such as example.org ignore',
      max: 500,
    },
    {
      restart: worker,
      help: 'What happens to mail that its author’s domain disowns (DMARC): as that domain asks, Junk at worst, or nothing. For all others: as they ask.',
    },
  ),

  'outbound.mode': choice('direct', ['direct', 'relay', 'catch', 'paused'], {
    restart: worker,
    help: 'How mail leaves: to the recipients’ servers, by a relay, into one mailbox here for tests (nothing leaves), or not at all: it waits.',
  }),
  'outbound.relay.host': text(
    '',
    { ...nameOrAddress, allowed: 'a host name or address, or nothing' },
    {
      restart: worker,
      help: 'The relay (smarthost) of your provider, for the mode relay.',
    },
  ),
  'outbound.relay.port': port(587, { restart: worker, help: 'The port of the relay.' }),
  'outbound.relay.tls': choice('required', ['opportunistic', 'required', 'implicit', 'none'], {
    restart: worker,
    help: 'Encryption towards the relay: if it offers it, always by STARTTLS, from the first byte (port 465), or never.',
  }),
  'outbound.relay.username': text(
    '',
    { pattern: /^\S*$/, allowed: 'a login name, or nothing' },
    {
      restart: worker,
      help: 'The login name at the relay, if it wants one.',
    },
  ),
  'outbound.relay.password': text(
    '',
    { pattern: /^.*$/s, allowed: 'a password, or nothing', secret: true },
    {
      restart: worker,
      help: 'The password at the relay.',
    },
  ),
  'outbound.routes': list(
    [],
    {
      pattern: /^(from:)?\.?[^\s,:]+ (direct|relay|[^\s,:]+(:\d{1,5})?( [^\s,]+ [^\s,]+)?)$/,
      allowed:
        'a recipient’s domain, or from: and a sender’s domain, and where to: direct, relay, or a server with port, name and password, such as example.org mx.example.org:25',
      max: 200,
      secretWord: 3,
    },
    {
      restart: worker,
      help: 'Mail that goes another way than the rest, by the recipient’s or the sender’s domain. The first that fits counts; .example.org means all below it.',
    },
  ),
  'outbound.webForwards': choice('public', ['public', 'any', 'never'], {
    restart: worker,
    help: 'Where forwards to web servers may go: public addresses, also this computer and its networks, or nowhere.',
  }),
  'outbound.catchAddress': text(
    '',
    { pattern: /^$|^\S+@\S+$/, allowed: 'the address of a user here, or nothing' },
    {
      restart: worker,
      help: 'Who gets all outgoing mail in the mode catch.',
    },
  ),
  'outbound.hostname': text(
    '',
    { ...nameForm, allowed: 'a host name, or nothing for the name of this server' },
    {
      restart: worker,
      help: 'The name by which this server greets others. It should be the name that your Internet address has in DNS.',
    },
  ),
  'outbound.ipVersion': choice('any', ['any', 'ipv4', 'ipv6'], {
    restart: worker,
    help: 'The version of IP for connections to other servers.',
  }),

  'spam.dnsbl': list(
    [],
    { ...nameForm, allowed: 'DNS zones such as zen.spamhaus.org', max: 20 },
    { restart: worker, help: 'Block lists: mail from addresses on them is refused.' },
  ),
  'spam.greylist': flag(false, {
    restart: worker,
    help: 'Put off the first mail of unknown senders for a minute: real servers try again, many spammers do not.',
  }),
  'spam.learning': flag(true, {
    restart: worker,
    help: 'Learn from what users move into Junk and out of it, and sort new mail by that.',
  }),
  'spam.rspamd.url': text(
    '',
    { pattern: /^$|^https?:\/\/\S+$/, allowed: 'http://… of Rspamd’s worker, or nothing' },
    {
      restart: worker,
      help: 'An Rspamd that judges mail from other servers, such as http://127.0.0.1:11333.',
    },
  ),
  'spam.clamav.host': text(
    '',
    { ...nameOrAddress, allowed: 'a host name or address, or nothing' },
    {
      restart: worker,
      help: 'A ClamAV daemon (clamd) that looks for viruses in mail from other servers.',
    },
  ),
  'spam.clamav.port': port(3310, { restart: worker, help: 'The port of clamd.' }),

  'fetch.enabled': flag(true, {
    restart: worker,
    help: 'Fetch mail from accounts that people have elsewhere.',
  }),
  'fetch.allowPrivate': flag(false, {
    restart: worker,
    help: 'Such an account may also be on this computer or in this network. People could look around there.',
  }),

  'mongo.uri': text(
    '',
    {
      pattern: /^$|^mongodb(\+srv)?:\/\/\S+$/,
      allowed: 'mongodb://… or mongodb+srv://…, or nothing for the bundled server',
      secret: true,
    },
    { restart: 'appliance', help: 'A MongoDB that is run elsewhere. Empty: the appliance runs its own.' },
  ),
  'mongo.blobUri': text(
    '',
    { pattern: /^$|^mongodb(\+srv)?:\/\/\S+$/, allowed: 'mongodb://… or mongodb+srv://…, or nothing', secret: true },
    { restart: worker, help: 'A MongoDB of its own for attachments. Empty: they are where the messages are.' },
  ),
  'mongo.cacheMb': integer(
    0,
    { min: 0, max: 1_048_576, unit: 'MB' },
    {
      restart: 'databases',
      help: 'Memory for the cache of the bundled MongoDB. 0: a quarter of the memory of this computer, within 256 and 1024.',
    },
  ),
  'mongo.binary': pathSetting('The mongod program to use. Empty: the bundled one, or the first that is found.'),
  'redis.uri': text(
    '',
    {
      pattern: /^$|^none$|^rediss?(-sentinel|-cluster)?:\/\/\S+$/,
      allowed: 'redis://…, rediss://…, redis-sentinel://… or redis-cluster://…, none, or nothing for the bundled server',
      secret: true,
    },
    {
      restart: 'appliance',
      help: 'A Redis or Valkey that is run elsewhere. Empty: the appliance runs its own; on Windows there is none. "none": one worker works alone.',
    },
  ),
  'redis.binary': pathSetting(
    'The valkey-server or redis-server program to use. Empty: the bundled one, or the first that is found.',
  ),

  'backup.folder': text(
    '',
    { pattern: /^$|^([A-Za-z]:)?[\\/]\P{Cc}+$/u, allowed: 'an absolute path, or nothing' },
    {
      restart: 'none',
      help: 'Where backups are kept: best on another disk. "mallard backup folder" sets it, with the passphrase.',
    },
  ),
  'backup.schedule': choice('daily', ['off', 'daily', 'weekly'], {
    restart: 'none',
    help: 'How often a backup is made by itself, once a folder is chosen. Weekly: in the night to Sunday.',
  }),
  'backup.hour': integer(
    3,
    { min: 0, max: 23, unit: 'o’clock' },
    { restart: 'none', help: 'At which hour. A backup that was missed because the computer was off is made up for.' },
  ),
  'backup.keepDaily': integer(
    7,
    { min: 0, max: 3650 },
    { restart: 'none', help: 'The newest backup of each of so many days is kept.' },
  ),
  'backup.keepWeekly': integer(
    4,
    { min: 0, max: 520 },
    { restart: 'none', help: 'The newest backup of each of so many weeks is kept.' },
  ),
  'backup.keepMonthly': integer(
    6,
    { min: 0, max: 120 },
    { restart: 'none', help: 'The newest backup of each of so many months is kept.' },
  ),

  'log.level': choice('info', ['debug', 'info', 'warn', 'error'], {
    restart: worker,
    help: 'The least serious log lines that are kept.',
  }),
  'log.maxBytes': bytes(
    100 * mebibyte,
    { min: mebibyte, max: 100 * 1024 * mebibyte },
    { restart: 'none', help: 'When the log is larger, its oldest lines go.' },
  ),
  'log.maxDays': integer(30, { min: 1, max: 3650, unit: 'days' }, { restart: 'none', help: 'Log lines older than this go.' }),
  'metrics.maxDays': integer(
    90,
    { min: 1, max: 3650, unit: 'days' },
    { restart: 'none', help: 'How far back the plots of memory, processor and connections reach.' },
  ),
} as const satisfies Readonly<Record<string, Setting<never> | object>>;

export type SettingName = keyof typeof settings;
/** The typed value of one setting. */
export type SettingValue<Name extends SettingName = SettingName> = (typeof settings)[Name]['default'];

export const settingNames: readonly SettingName[] = Object.keys(settings).filter(isSettingName);

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

/** A setting seen without its own type, for code that treats all alike. */
export function settingOf(name: SettingName): Setting {
  return settings[name] as unknown as Setting;
}

/** What can listen: the first part of its settings' names. */
export const listenerNames = [
  'imap',
  'imaps',
  'pop3',
  'pop3s',
  'lmtp',
  'smtp',
  'submission',
  'submissions',
  'managesieve',
  'api',
] as const;
export type ListenerName = (typeof listenerNames)[number];

function host(value: string, help: string, restart: RestartNeed = worker): ReturnType<typeof text> {
  return text(value, hostForm, { restart, help });
}

function pathSetting(help: string): ReturnType<typeof text> {
  return text(
    '',
    { pattern: /^$|^([A-Za-z]:)?[\\/]\P{Cc}+$/u, allowed: 'an absolute path, or nothing' },
    { restart: 'databases', help },
  );
}
