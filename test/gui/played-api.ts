/** The worker's HTTP API as far as the stage needs it: people in memory, on the paths and in the shapes of the real one. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { playedActs, playedBans, playedCertificates, playedSignIns } from './played-security.ts';
import { playedKey, playedQueue, playedTraces } from './played-samples.ts';
import type { WorkerApi } from '../../app/appliance/control/subject.ts';

export interface PlayedUser {
  id: string;
  username: string;
  name: string;
  address: string;
  quota: { allowed: number; used: number };
  disabled: boolean;
  suspended: boolean;
  addresses: { id: string; address: string; main: boolean; created: string }[];
  asps: { id: string; description: string; scopes: string[]; created: string; lastUse: { time: string | false; event: false } }[];
  autoreply: Record<string, unknown>;
  targets: string[];
  tags: string[];
}

const mebibyte = 1024 * 1024;
const first = [
  'Anna',
  'Ben',
  'Carla',
  'David',
  'Elif',
  'Finn',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Karl',
  'Lena',
  'Mats',
  'Nora',
  'Otto',
];
const last = ['Berg', 'Schmidt', 'Rossi', 'Kowalski', 'Tamm', 'Öztürk', 'Novak', 'Martin', 'Silva', 'Keller', 'Sorg'];
const names: Readonly<Record<string, string>> = { ö: 'oe', ü: 'ue' };

export class PlayedApi {
  readonly users: PlayedUser[] = [];
  /** Who is kept out. */
  bans: ReturnType<typeof playedBans> = [];
  /** Answer everything with this status, when it is set. */
  failWith: number | undefined;
  readonly #server: Server;

  private constructor(count: number) {
    for (let index = 0; index < count; index += 1) this.users.push(played(index));
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(count: number): Promise<PlayedApi> {
    const api = new PlayedApi(count);
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get address(): WorkerApi {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port, token: 'x' };
  }

  get url(): string {
    return `http://127.0.0.1:${this.address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    let text = '';
    for await (const piece of request as AsyncIterable<Buffer>) text += piece.toString();
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (this.failWith !== undefined) return send(this.failWith, { error: 'played failure', code: 'InternalDatabaseError' });
    const [, area = '', id = '', part = '', item = ''] = url.pathname.split('/');
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    if (area === 'openapi.json') return send(200, { paths: playedPaths });
    if (area === 'addresses') return send(200, pageOf(this.users.slice(0, 250).flatMap((user) => user.addresses)));
    if (area === 'domainaliases') return send(200, pageOf([]));
    if (area === 'dkim' && id !== '') return send(200, { success: true, ...playedKey });
    if (area === 'dkim') return send(200, pageOf([playedKey]));
    if (area === 'trace') return send(200, pageOf(playedTraces()));
    if (area === 'queue' && id === 'status')
      return send(200, { success: true, queued: 1, held: 1, due: 0, mode: 'direct', sending: 0, resting: [] });
    if (area === 'queue') return send(200, id === '' ? pageOf(playedQueue()) : { success: true });
    if (area === 'deletedusers') return send(200, pageOf([]));
    if (area === 'authlog') return send(200, pageOf(playedSignIns(this.users)));
    if (area === 'bans' && request.method === 'DELETE') {
      this.bans = this.bans.filter(({ key }) => key !== url.searchParams.get('key'));
      return send(200, { success: true, removed: true });
    }
    if (area === 'bans') return send(200, { success: true, results: this.bans });
    if (area === 'certs') return send(200, pageOf(playedCertificates()));
    if (area === 'adminlog')
      return send(
        200,
        id === 'verify' ? { success: true, intact: true, entries: 318, first: 1, last: 318 } : pageOf(playedActs()),
      );
    if (area !== 'users') return send(404, { error: 'no such path', code: 'NotFound' });
    if (id === '') return request.method === 'GET' ? send(200, this.#list(url.searchParams)) : this.#create(body, send);
    const user = this.users.find((each) => each.id === id);
    if (user === undefined) return send(404, { error: 'This user does not exist', code: 'UserNotFound' });
    return this.#one(request.method ?? 'GET', user, part, item, body, send);
  }

  #list(query: URLSearchParams): object {
    const wanted = (query.get('query') ?? '').toLowerCase();
    const limit = Number(query.get('limit') ?? 20);
    const from = Number(query.get('next') ?? 0);
    const found = this.users.filter(({ name, address }) => `${name} ${address}`.toLowerCase().includes(wanted));
    return {
      success: true,
      query: wanted,
      total: found.length,
      page: 1,
      previousCursor: from > 0 ? String(Math.max(0, from - limit)) : false,
      nextCursor: from + limit < found.length ? String(from + limit) : false,
      results: found.slice(from, from + limit).map((user) => ({
        ...entryOf(user),
        autoreply: user.autoreply['status'] === true,
        enabled2fa: [],
        lastSignIn: user.disabled ? null : new Date(Date.now() - user.quota.used / 1000).toISOString(),
        hasPasswordSet: true,
        activated: true,
      })),
    };
  }

  #create(body: Record<string, unknown>, send: (status: number, value: unknown) => void): void {
    const address = String(body['address'] ?? body['username']);
    if (this.users.some((user) => user.address === address))
      return send(400, { error: 'This address already exists', code: 'AddressExistsError' });
    const user = played(this.users.length);
    Object.assign(user, {
      username: body['username'],
      name: body['name'] ?? '',
      address,
      quota: { allowed: body['quota'] ?? 0, used: 0 },
    });
    user.addresses = [{ id: hexId(), address, main: true, created: new Date().toISOString() }];
    user.disabled = false;
    this.users.unshift(user);
    send(200, { success: true, id: user.id });
  }

  #one(
    method: string,
    user: PlayedUser,
    part: string,
    item: string,
    body: Record<string, unknown>,
    send: (status: number, value: unknown) => void,
  ): void {
    const done = { success: true };
    if (part === '' && method === 'DELETE') {
      this.users.splice(this.users.indexOf(user), 1);
      return send(200, done);
    }
    if (part === '' && method === 'PUT') {
      const { quota, ...rest } = body;
      delete rest['password'];
      Object.assign(user, rest, quota === undefined ? {} : { quota: { ...user.quota, allowed: Number(quota) } });
      return send(200, done);
    }
    if (part === '') {
      const { quota, ...rest } = entryOf(user);
      return send(200, {
        success: true,
        ...rest,
        autoreply: user.autoreply['status'] === true,
        enabled2fa: [],
        limits: { quota },
        disabledScopes: [],
      });
    }
    if (part === 'addresses' && method === 'GET') return send(200, { success: true, results: user.addresses });
    if (part === 'addresses' && method === 'POST') {
      user.addresses.push({ id: hexId(), address: String(body['address']), main: false, created: new Date().toISOString() });
      return send(200, { success: true, id: user.addresses.at(-1)?.id });
    }
    if (part === 'addresses' && method === 'PUT') {
      for (const each of user.addresses) each.main = each.id === item;
      return send(200, done);
    }
    if (part === 'addresses') {
      user.addresses = user.addresses.filter((each) => each.id !== item);
      return send(200, done);
    }
    if (part === 'mailboxes') return send(200, { success: true, results: mailboxes(user) });
    if (part === 'asps' && method === 'GET') return send(200, { success: true, results: user.asps });
    if (part === 'asps' && method === 'POST') {
      const id = hexId();
      user.asps.push({
        id,
        description: String(body['description']),
        scopes: (body['scopes'] as string[] | undefined) ?? ['*'],
        created: new Date().toISOString(),
        lastUse: { time: false, event: false },
      });
      return send(200, { success: true, id, password: 'kwtzbnhqymsrdxlc' });
    }
    if (part === 'asps') {
      user.asps = user.asps.filter((asp) => asp.id !== item);
      return send(200, done);
    }
    if (part === 'autoreply' && method === 'PUT') {
      Object.assign(user.autoreply, body);
      return send(200, done);
    }
    if (part === 'autoreply') return send(200, { success: true, ...user.autoreply });
    if (part === 'authlog')
      return send(200, { success: true, total: 3, nextCursor: false, previousCursor: false, results: authlog() });
    if (part === 'logout' || part === 'quota' || part === 'password')
      return send(200, {
        success: true,
        password: 'bexkgrwm',
        storageUsed: user.quota.used,
        previousStorageUsed: user.quota.used,
      });
    send(404, { error: 'no such path', code: 'NotFound' });
  }
}

function hexId(): string {
  return randomBytes(12).toString('hex');
}

function played(index: number): PlayedUser {
  const given = first[index % first.length] ?? 'Anna';
  const family = last[(index * 7 + Math.floor(index / first.length)) % last.length] ?? 'Berg';
  const number = index < 60 ? '' : String(index);
  const ascii = family.toLowerCase().replaceAll(/[öü]/g, (letter) => names[letter] ?? letter);
  const address = `${given.toLowerCase()}.${ascii}${number}@example.org`;
  const allowed = index % 5 === 4 ? 0 : [2, 5, 10][index % 3]! * 1024 * mebibyte;
  const share = [0.31, 0.84, 0.05, 0.97, 0.52, 0.12][index % 6] ?? 0;
  return {
    id: hexId(),
    username: address,
    name: `${given} ${family}`,
    address,
    quota: { allowed, used: Math.round((allowed === 0 ? 3 * 1024 * mebibyte : allowed) * share) },
    disabled: index % 11 === 7,
    suspended: false,
    addresses: [
      { id: hexId(), address, main: true, created: '2026-03-02T09:12:00.000Z' },
      ...(index % 3 === 0
        ? [
            {
              id: hexId(),
              address: `${given.toLowerCase()}${number}@example.org`,
              main: false,
              created: '2026-04-11T10:00:00.000Z',
            },
          ]
        : []),
    ],
    asps:
      index % 2 === 0
        ? [
            {
              id: hexId(),
              description: 'iPhone',
              scopes: ['imap', 'smtp'],
              created: '2026-09-01T08:00:00.000Z',
              lastUse: { time: new Date(Date.now() - 600_000).toISOString(), event: false },
            },
          ]
        : [],
    autoreply: { status: false, subject: '', text: '', name: '', html: '', start: false, end: false },
    targets: [],
    tags: [],
  };
}

function mailboxes(user: PlayedUser): object[] {
  return [
    ['INBOX', null, 1204],
    ['Sent', '\\Sent', 310],
    ['Drafts', '\\Drafts', 2],
    ['Junk', '\\Junk', 44],
    ['Trash', '\\Trash', 18],
    ['Archive', '\\Archive', 5210],
    ['Projects/2026', null, 88],
  ].map(([path, specialUse, total], index) => ({
    id: hexId(),
    path,
    name: path,
    specialUse,
    total,
    unseen: index * 3,
    size: Math.round(user.quota.used * ([0.3, 0.1, 0.001, 0.01, 0.02, 0.5, 0.069][index] ?? 0)),
    hidden: false,
    subscribed: true,
  }));
}

function authlog(): object[] {
  return [
    ['authentication', 'success', 'IMAP', '192.168.1.24'],
    ['authentication', 'fail', 'SMTP', '192.168.1.77'],
    ['authentication', 'success', 'IMAP', '192.168.1.24'],
  ].map(([action, result, protocol, ip], index) => ({
    id: hexId(),
    action,
    result,
    protocol,
    ip,
    source: 'master',
    events: 1 + index * 4,
    created: new Date(Date.now() - (index + 1) * 5_400_000).toISOString(),
    last: new Date(Date.now() - index * 5_400_000 - 60_000).toISOString(),
  }));
}

/** What a list tells of a person. */
function entryOf({ id, username, name, address, quota, disabled, suspended, targets, tags }: PlayedUser) {
  return { id, username, name, address, quota, disabled, suspended, targets, tags };
}

const playedPaths = Object.fromEntries(
  [
    '/users',
    '/users/{user}',
    '/users/{user}/asps',
    '/users/{user}/autoreply',
    '/users/{user}/addresses',
    '/users/{user}/authlog',
  ].map((path) => [path, { get: {}, post: {}, put: {}, delete: {} }]),
);

function pageOf(results: readonly object[]): object {
  return { success: true, page: 1, total: results.length, nextCursor: false, previousCursor: false, results };
}
