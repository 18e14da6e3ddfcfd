/**
 * Every setting of a worker: type, default, unit and meaning. A configuration file or the supervisor gives only what differs; `load.ts` merges and explains.
 * Imported by the appliance as well: nothing of the server but this.
 */
import { z } from 'zod';
import { acme } from './acme.ts';
import { fetching } from './fetch.ts';
import { sieve } from './sieve.ts';
import { spam } from './spam.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const count = (fallback: number, help: string) => z.int().min(0).default(fallback).describe(help);
const positive = (fallback: number, help: string) => z.int().min(1).default(fallback).describe(help);
const durationMs = (fallback: number, help: string) => z.int().min(1).default(fallback).describe(`${help} (ms)`);

/** `any` = all addresses of both families; `localhost` = both loopback addresses. */
const host = z.string().min(1);

/** How many clients one service takes. */
const serviceLimits = {
  maxConnections: positive(20_000, 'Connections at a time, in this worker'),
  maxConnectionsPerAddress: positive(500, 'Connections at a time from one address (IPv6: one /64); loopback is exempt'),
};

function service(port: number, defaultHost = 'any', enabled = true) {
  return z
    .strictObject({
      enabled: z.boolean().default(enabled).describe('Whether this service runs'),
      host: host.default(defaultHost).describe('Address to listen on; "any" for all, "localhost" for this machine only'),
      port: z.int().min(0).max(65_535).default(port).describe('Port to listen on; 0 = any free one'),
      ...serviceLimits,
    })
    .prefault({});
}

/** With implicit TLS: runs by default when there is a certificate. */
function secureService(port: number) {
  return z
    .strictObject({
      enabled: z.boolean().optional().describe('Whether this service runs; by default when a certificate is configured'),
      host: host.default('any').describe('Address to listen on; "any" for all, "localhost" for this machine only'),
      port: z.int().min(0).max(65_535).default(port).describe('Port to listen on; 0 = any free one'),
      ...serviceLimits,
    })
    .prefault({});
}

const services = z
  .strictObject({
    imap: service(143),
    imaps: secureService(993),
    pop3: service(110),
    pop3s: secureService(995),
    // Whoever reaches LMTP delivers without any question: this machine only, unless said otherwise.
    lmtp: service(24, 'localhost'),
    smtp: service(25),
    submission: service(587),
    submissions: secureService(465),
    // Devices are let in at port 25 as well; some networks keep that for others.
    devices: service(2525, 'any', false),
    // RFC 5804. Sign-in is by passwords, as for IMAP.
    managesieve: service(4190, 'any', false),
    api: service(8080, 'localhost'),
  })
  .prefault({});

const tls = z
  .strictObject({
    cert: z.string().optional().describe('Certificate chain, leaf first: PEM text, or the path of a PEM file'),
    key: z.string().optional().describe('Private key: PEM text, or the path of a PEM file'),
    ca: z.string().optional().describe('Further intermediate certificates: PEM text, or the path of a PEM file'),
    passphrase: z.string().optional().describe('Passphrase of the private key'),
    minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('Oldest protocol version that is accepted'),
  })
  .refine((value) => (value.cert === undefined) === (value.key === undefined), {
    error: 'cert and key go together',
    path: ['cert'],
  })
  .prefault({});

const sealing = z
  .strictObject({
    keyFile: z
      .string()
      .optional()
      .describe('File of the keys that seal secrets in the database; one line each, 32 octets in base64, the first seals'),
    keys: z.string().optional().describe('The same as text; also taken from the environment, MALLARD_SEALING_KEYS'),
  })
  .prefault({});

const auth = z
  .strictObject({
    allowPlaintext: z
      .preprocess(
        (value) => (value === true ? 'always' : value === false ? 'never' : value),
        z.enum(['never', 'loopback', 'always']),
      )
      .default('loopback')
      .describe('From where a password may come without TLS'),
    failureDelayMs: durationMs(2 * SECOND, 'Delay of the answer to a wrong password'),
    maxFailuresPerConnection: positive(5, 'Wrong passwords after which a connection is closed'),
    bans: z
      .strictObject({
        windowMs: durationMs(
          15 * MINUTE,
          'Time within which different wrong passwords are counted; the same one again counts once',
        ),
        pairFailures: positive(20, 'Of them for one user from one address, until that pair is refused'),
        addressFailures: positive(100, 'From one address over all users, until that address is refused'),
        userFailures: positive(
          200,
          'For one user from everywhere, until addresses are refused from which the user never came in',
        ),
        firstMs: durationMs(
          15 * MINUTE,
          'How long the first refusal lasts; each further one that day lasts twice as long, a day at most',
        ),
        trusted: z
          .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]))
          .default([])
          .describe(
            'Addresses and networks that are never refused; private networks and where administrators come from never are',
          ),
      })
      .prefault({}),
  })
  .prefault({});

const store = z
  .strictObject({
    maxMessageBytes: z
      .int()
      .min(64 * KiB)
      .max(1024 * MiB)
      .default(64 * MiB)
      .describe('Biggest message that is accepted (octets)'),
    maxInFlightBytes: z
      .int()
      .min(1 * MiB)
      .default(192 * MiB)
      .describe('Memory for messages being received, in this worker (octets); at least one biggest message always fits'),
    expungeGraceMs: durationMs(60 * MINUTE, 'How long content stays that nothing refers to'),
  })
  .prefault({});

const delivery = z
  .strictObject({
    quotaFailure: z.enum(['temporary', 'permanent']).default('temporary').describe('Answer when a mailbox is full: 452, or 552'),
    maxConcurrent: positive(32, 'Messages being stored at a time, in this worker'),
    labelToMailbox: z
      .enum(['never', 'existing'])
      .default('existing')
      .describe('Whether mail for user+label goes to the mailbox of that name, where there is one'),
    trashMs: count(30 * 24 * 60 * MINUTE, 'How long Trash keeps a message (ms), unless the mailbox says otherwise; 0 = for ever'),
    junkMs: count(30 * 24 * 60 * MINUTE, 'The same for Junk (ms)'),
    moderationMs: durationMs(14 * 24 * 60 * MINUTE, 'How long a post to a list waits for a moderator before it goes back'),
    maxReceivedFields: positive(50, 'Received fields beyond which a message is taken for a loop'),
  })
  .prefault({});

const pop3 = z
  .strictObject({
    onDelete: z.enum(['trash', 'expunge']).default('trash').describe('What DELE does at QUIT: move to Trash, or remove'),
    maxMessages: count(0, 'Newest messages that are listed; 0 = all'),
    idleTimeoutMs: durationMs(10 * MINUTE, 'RFC 1939 asks for at least ten minutes'),
  })
  .prefault({});

const smtp = z
  .strictObject({
    maxRecipients: positive(1_000, 'Recipients of one message'),
    idleTimeoutMs: durationMs(5 * MINUTE, 'RFC 5321 §4.5.3.2.7 asks for at least five minutes'),
    maxErrors: positive(20, 'Refused commands after which a connection is closed'),
    fromOwnership: z.boolean().default(true).describe('Submission: the sender must be an address of the user'),
    maxMessagesPerHour: count(300, 'Submission: messages an hour that a user may send; 0 = no limit beside the recipients a day'),
    devices: z
      .array(
        z.strictObject({
          name: z.string().min(1).describe('For logs and limits'),
          networks: z
            .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]))
            .min(1)
            .describe('Where it is: addresses or networks (192.168.1.20, 192.168.1.0/28)'),
          sender: z.string().min(3).describe('The address that it sends as; a user here, who gets its bounces'),
          maxPerHour: count(100, 'Recipients an hour; 0 = no limit'),
        }),
      )
      .default([])
      .describe('Printers, scanners and others that send without a login'),
    saveSent: z.boolean().default(true).describe('Submission: put a copy into Sent, unless one is there'),
    checks: z
      .strictObject({
        enabled: z.boolean().default(true).describe('Whether SPF, DKIM, ARC and DMARC of mail from the world are checked'),
        exempt: z
          .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]))
          .default(['127.0.0.0/8', '::1'])
          .describe('Whose mail is not checked: servers in front of this one'),
        dmarc: z
          .enum(['enforce', 'quarantine', 'ignore'])
          .default('enforce')
          .describe('What a failed DMARC policy does: as its domain asks, Junk at worst, or nothing'),
        dmarcByDomain: z
          .record(z.string(), z.enum(['enforce', 'quarantine', 'ignore']))
          .default({})
          .describe('The same for the mail of some domains'),
        trustedSealers: z.array(z.string()).default([]).describe('Domains whose ARC seal excuses a failed DMARC'),
      })
      .prefault({}),
  })
  .prefault({});

const relay = z.strictObject({
  host: z.string().min(1).describe('Host that takes our mail'),
  port: z.int().min(1).max(65_535).default(587).describe('Its port'),
  tls: z
    .enum(['opportunistic', 'required', 'implicit', 'none'])
    .default('required')
    .describe('STARTTLS if offered, STARTTLS or nothing, TLS from the first byte, or never'),
  username: z.string().optional().describe('Login name there'),
  password: z.string().optional().describe('Password there'),
  verifyCertificate: z.boolean().default(true).describe('Whether its certificate must be valid for its name'),
});

const outbound = z
  .strictObject({
    mode: z
      .enum(['direct', 'relay', 'catch', 'paused'])
      .default('direct')
      .describe(
        'Send to the recipients’ servers, to the relay, into the catch mailbox (nothing leaves), or keep all in the queue',
      ),
    relay: relay.optional().describe('The relay of mode "relay"'),
    routes: z
      .array(
        z.strictObject({
          recipientDomain: z.string().min(1).optional().describe('Mail to this domain (".example.org" for all below it)'),
          senderDomain: z.string().min(1).optional().describe('Mail from this domain'),
          relay: z.union([relay, z.literal('direct')]).describe('Goes here; "direct" = to the recipients’ servers'),
        }),
      )
      .default([])
      .describe('Exceptions, the first that fits counts'),
    catchAddress: z.string().optional().describe('Mode "catch": the user here who gets all outgoing mail'),
    port: z.int().min(1).max(65_535).default(25).describe('Port of the recipients’ servers'),
    hostname: z.string().optional().describe('Name said in EHLO; default: the server’s'),
    dnsServers: z.array(z.string()).default([]).describe('DNS servers (address or address:port); default: the system’s'),
    dnssec: z
      .enum(['local', 'trusted', 'never'])
      .default('local')
      .describe('Whose word for DNSSEC is believed, for DANE: of DNS servers on this computer, of all that are used, or of none'),
    ipVersion: z.enum(['any', 'ipv4', 'ipv6']).default('any').describe('IP versions to connect by'),
    maxConcurrent: positive(40, 'Messages being sent at a time, by this worker'),
    maxPerDestination: positive(10, 'Messages being sent to one domain at a time, by all workers'),
    retryForMs: durationMs(96 * 60 * MINUTE, 'How long sending is tried before the mail is returned'),
    firstRetryMs: durationMs(5 * MINUTE, 'Delay of the second try; later ones wait longer, up to three hours'),
    warnAfterMs: durationMs(4 * 60 * MINUTE, 'Delay after which the sender is told'),
    connectTimeoutMs: durationMs(30 * SECOND, 'Time for a connection'),
    replyTimeoutMs: durationMs(10 * MINUTE, 'Time for a reply; RFC 5321 §4.5.3.2 asks for ten minutes'),
    restMs: durationMs(1 * MINUTE, 'A domain whose servers can’t be reached is left alone for this time'),
    webForwards: z
      .enum(['public', 'any', 'never'])
      .default('public')
      .describe(
        'Where forwards to http(s) URLs may go: public addresses, also those of this machine and its networks, or nowhere',
      ),
    rewriteFrom: z
      .enum(['when-needed', 'never'])
      .default('when-needed')
      .describe('Whether forwarded mail that the policy of its author’s domain (DMARC) would have refused gets a From of ours'),
    dkimRotateMs: count(
      0,
      'Age at which a DKIM key gets a successor, which signs once DNS has its record (ms); 0 = only when asked for',
    ),
    arcSeal: z
      .boolean()
      .default(true)
      .describe('Whether forwarded mail is sealed (ARC) with the DKIM key of the domain that forwards'),
    maxPerMinute: count(0, 'Messages a minute to one domain, by all workers; 0 = as many as go'),
    maxInFlightBytes: z
      .int()
      .min(1 * MiB)
      .default(128 * MiB)
      .describe('Memory for messages being sent, in this worker (octets); one biggest message always fits'),
    leaseMs: durationMs(2 * MINUTE, 'A worker that is silent for this time loses what it was sending to another one'),
    pollMs: durationMs(5 * SECOND, 'How often the queue of the other workers is looked at'),
  })
  .prefault({});

const imap = z
  .strictObject({
    idleTimeoutMs: z
      .int()
      .min(30 * MINUTE)
      .default(30 * MINUTE)
      .describe('How long a client may say nothing; RFC 9051 §5.4 asks for at least thirty minutes (ms)'),
    preAuthTimeoutMs: durationMs(1 * MINUTE, 'Time to log in'),
    stallTimeoutMs: durationMs(1 * MINUTE, 'How long a client may take nothing of what is sent to it'),
    maxConnectionsPerUser: positive(100, 'Connections of one user at a time, in this worker, unless the user has an own limit'),
    maxCommandsBeforeLogin: positive(50, 'Commands after which a connection without a login is closed'),
    maxBadCommands: positive(30, 'Wrong commands in a row after which a connection is closed'),
    maxLineBytes: z
      .int()
      .min(8 * KiB)
      .default(64 * KiB)
      .describe('Longest line of a command without its literals (octets); RFC 7162 §4 asks for at least 8192'),
    maxLiteralBytes: positive(64 * KiB, 'Biggest literal that is no message (octets)'),
    maxArguments: positive(20_000, 'Arguments of one command'),
    maxNesting: positive(250, 'Parentheses within parentheses; NOT, OR and FUZZY count as well'),
    maxSetMembers: positive(50_000, 'Numbers and ranges in one set of messages'),
    administrators: z
      .array(z.string().min(1))
      .default([])
      .describe('Users who may set quotas (SETQUOTA) and the shared metadata of the server by IMAP'),
  })
  .prefault({});

const api = z
  .strictObject({
    rootToken: z
      .string()
      .min(16)
      .optional()
      .describe('Access token that may do everything; without one the API asks for none only from loopback'),
    openToThisComputer: z
      .boolean()
      .default(false)
      .describe(
        'Programs on this computer need no token even where there is a root token; never pages in a browser, nor what comes through a proxy',
      ),
    origins: z
      .array(z.union([z.literal('*'), z.url()]))
      .default([])
      .describe(
        'Origins whose pages in a browser may call with a token (CORS), such as https://webmail.example.org; "*" for any',
      ),
  })
  .prefault({});

const trace = z
  .strictObject({
    keepMs: durationMs(14 * 24 * 60 * MINUTE, 'How long it is kept what became of each message'),
  })
  .prefault({});

const log = z
  .strictObject({
    level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info').describe('Least severity that is written'),
  })
  .prefault({});

const mongo = z
  .strictObject({
    uri: z
      .string()
      .regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://')
      .default('mongodb://127.0.0.1:27017/mallard')
      .describe('Database of messages; may name a replica set or a sharded cluster'),
    blobUri: z
      .string()
      .regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://')
      .optional()
      .describe('Database of attachments, when it is another one'),
  })
  .prefault({});

const redis = z
  .strictObject({
    uri: z
      .string()
      .regex(/^$|^rediss?(-sentinel|-cluster)?:\/\//, 'must begin with redis:// or rediss://, or be empty')
      .default('redis://127.0.0.1:6379/0')
      .describe('Redis or Valkey for beacons and rate limits; empty: none, for one worker alone'),
  })
  .prefault({});

export const configSchema = z.strictObject({
  hostname: z
    .string()
    .min(1)
    .default('localhost')
    .describe('Name of this mail server in greetings, Received fields and Message-IDs'),
  reusePort: z.boolean().default(false).describe('Several workers share the ports'),
  drainTimeoutMs: durationMs(10 * SECOND, 'How long a stop waits for clients'),
  mongo,
  redis,
  log,
  tls,
  acme,
  sealing,
  auth,
  store,
  delivery,
  services,
  imap,
  pop3,
  smtp,
  outbound,
  spam,
  fetch: fetching,
  sieve,
  api,
  trace,
});

/** What a person writes: everything optional. */
export type PartialConfig = z.input<typeof configSchema>;
/** What the worker reads: everything filled in. */
export type Config = z.output<typeof configSchema>;
export type ServiceName = keyof Config['services'];

/** How each service speaks TLS, and which other service it is the encrypted form of. */
export const serviceKinds: Readonly<
  Record<ServiceName, { readonly tls: 'none' | 'starttls' | 'implicit'; readonly protocol: string }>
> = {
  imap: { tls: 'starttls', protocol: 'imap' },
  imaps: { tls: 'implicit', protocol: 'imap' },
  pop3: { tls: 'starttls', protocol: 'pop3' },
  pop3s: { tls: 'implicit', protocol: 'pop3' },
  lmtp: { tls: 'starttls', protocol: 'lmtp' },
  smtp: { tls: 'starttls', protocol: 'smtp' },
  submission: { tls: 'starttls', protocol: 'submission' },
  submissions: { tls: 'implicit', protocol: 'submission' },
  devices: { tls: 'starttls', protocol: 'smtp' },
  managesieve: { tls: 'starttls', protocol: 'managesieve' },
  api: { tls: 'none', protocol: 'api' },
};
