/** The part of the HTTP API that the command line uses, in memory, in the shapes that the interface has on the wire. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

type User = { id: string; username: string; address: string; name: string; quota: number; disabled: boolean; password: string };
type Body = Partial<User>;

const users = new Map<string, User>();

/** False when the path is none of its own. */
export async function answerUsersApi(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  if (!['users', 'addresses'].includes(parts[0] ?? '')) return false;
  const body = ['POST', 'PUT'].includes(request.method ?? '') ? ((await json(request)) as Body) : {};
  const [status, answer] = route(request.method ?? '', parts, url.searchParams, body);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  return true;
}

function route(method: string, parts: readonly string[], query: URLSearchParams, body: Body): [number, object] {
  const [group, first = '', second] = parts;
  if (first === 'resolve') {
    const found = [...users.values()].find((user) => (group === 'users' ? user.username : user.address) === second);
    if (found === undefined) return [404, { error: 'This user does not exist', code: 'UserNotFound' }];
    return [
      200,
      group === 'users'
        ? { success: true, id: found.id }
        : { success: true, id: 'f'.repeat(24), address: second, user: found.id },
    ];
  }
  if (first === '') return method === 'POST' ? create(body) : list(query);
  const user = users.get(first);
  if (user === undefined) return [404, { error: 'This user does not exist', code: 'UserNotFound' }];
  if (second === 'addresses')
    return [200, { success: true, results: [{ id: 'e'.repeat(24), address: user.address, main: true }] }];
  if (second === 'mailboxes') {
    return [
      200,
      {
        success: true,
        results: [{ id: 'd'.repeat(24), name: 'INBOX', path: 'INBOX', specialUse: null, subscribed: true, total: 3, unseen: 1 }],
      },
    ];
  }
  if (method === 'DELETE') users.delete(first);
  if (method === 'PUT') users.set(first, { ...user, ...body });
  return [
    200,
    method === 'GET' ? { success: true, ...shown(user), limits: { quota: { allowed: user.quota, used: 7 } } } : { success: true },
  ];
}

function create(body: Body): [number, object] {
  if ([...users.values()].some((user) => user.username === body.username))
    return [400, { error: 'This username already exists', code: 'UserExistsError' }];
  const id = users.size.toString(16).padStart(24, 'a');
  users.set(id, { id, username: '', address: '', name: '', quota: 0, disabled: false, password: '', ...body });
  return [200, { success: true, id }];
}

/** Pages of two, so that paging is seen. */
function list(query: URLSearchParams): [number, object] {
  const all = [...users.values()].filter((user) => user.address.includes(query.get('query') ?? ''));
  const from = Number(query.get('next') ?? 0);
  const next = from + 2 < all.length ? String(from + 2) : false;
  return [
    200,
    {
      success: true,
      total: all.length,
      page: 1,
      previousCursor: false,
      nextCursor: next,
      results: all.slice(from, from + 2).map(shown),
    },
  ];
}

/** A password is shown here, so that a test can see what was sent; a real API never does that. */
function shown(user: User): object {
  return { ...user, quota: { allowed: user.quota, used: 7 } };
}
