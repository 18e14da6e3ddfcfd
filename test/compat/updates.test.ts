/** The event stream: everything once, in order, resumed without loss, ended when access ends; also for what another worker does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { waitFor } from '../harness/wait-for.ts';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
/** Another worker on the same databases. */
let other: ApiClient;
let port: number;

before(async () => {
  api = await startApi();
  other = await api.sibling();
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  port = (api.app.server.address() as AddressInfo).port;
});
after(async () => {
  await other.close();
  await api.close();
});

type Stream = {
  readonly events: Body[];
  readonly ids: string[];
  readonly response: IncomingMessage;
  readonly isEnded: () => boolean;
  readonly close: () => void;
};

const open: ClientRequest[] = [];
after(() => {
  for (const request of open) request.destroy();
});

async function listen(user: string, token: string, lastEvent?: string): Promise<Stream> {
  const headers = { 'x-access-token': token, ...(lastEvent === undefined ? {} : { 'last-event-id': lastEvent }) };
  const request = get({ port, host: '127.0.0.1', path: `/users/${user}/updates`, headers });
  open.push(request);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  assert.match(String(response.headers['content-type']), /^text\/event-stream/);
  const events: Body[] = [];
  const ids: string[] = [];
  let text = '';
  let ended = false;
  response.setEncoding('utf8');
  response.on('error', () => {});
  response.on('close', () => (ended = true));
  response.on('data', (piece: string) => {
    text += piece;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      for (const line of text.slice(0, end).split('\n')) {
        if (line.startsWith('data: ')) events.push(JSON.parse(line.slice(6)));
        if (line.startsWith('id: ')) ids.push(line.slice(4));
      }
      text = text.slice(end + 2);
    }
  });
  await once(response, 'data');
  return { events, ids, response, isEnded: () => ended, close: () => request.destroy() };
}

async function account(): Promise<{ user: string; token: string; inbox: string; append: (via?: ApiClient) => Promise<number> }> {
  const user = await api.user();
  const { token } = await api.store.accounts.tokens.create({ role: 'user', user });
  const inbox = (await api.get(`/users/${user}/mailboxes`)).body.results[0].id as string;
  const append = async (via = api): Promise<number> => {
    const answer = await via.post(`/users/${user}/mailboxes/${inbox}/messages?unseen=1`, 'Subject: x\r\n\r\nx\r\n', {
      headers: { 'content-type': 'message/rfc822' },
    });
    return answer.body.message.id;
  };
  return { user, token, inbox, append };
}

const commands = (stream: Stream): string[] => stream.events.map((event) => event.command);

test('new, changed and deleted messages, with counters', async () => {
  const { user, token, inbox, append } = await account();
  const stream = await listen(user, token);
  const uid = await append();
  await waitFor(() => commands(stream).includes('COUNTERS'));
  const [exists, counters] = stream.events;
  assert.deepEqual(
    { ...exists, message: '', thread: '', idate: '' },
    { command: 'EXISTS', mailbox: inbox, message: '', uid, unseen: true, thread: '', idate: '', size: 17 },
  );
  assert.deepEqual(counters, { command: 'COUNTERS', mailbox: inbox, total: 1, unseen: 1 });
  await api.put(`/users/${user}/mailboxes/${inbox}/messages/${uid}`, { seen: true });
  await waitFor(() => stream.events.length >= 4);
  assert.deepEqual(stream.events[2], { command: 'FETCH', mailbox: inbox, uid, flags: ['\\Seen'], unseen: false });
  await api.delete(`/users/${user}/mailboxes/${inbox}/messages/${uid}`);
  await waitFor(() => stream.events.length >= 6);
  assert.deepEqual(stream.events.slice(4), [
    { command: 'EXPUNGE', mailbox: inbox, uid },
    { command: 'COUNTERS', mailbox: inbox, total: 0, unseen: 0 },
  ]);
  stream.close();
});

test('mailboxes made, renamed and deleted', async () => {
  const { user, token } = await account();
  const stream = await listen(user, token);
  const made = await api.post(`/users/${user}/mailboxes`, { path: 'New' });
  const mailbox = made.body.id;
  await waitFor(() => stream.events.length >= 1);
  await api.put(`/users/${user}/mailboxes/${mailbox}`, { path: 'Other' });
  await waitFor(() => stream.events.length >= 2);
  await api.delete(`/users/${user}/mailboxes/${mailbox}`);
  await waitFor(() => stream.events.length >= 3);
  assert.deepEqual(stream.events, [
    { command: 'CREATE', mailbox, path: 'New' },
    { command: 'RENAME', mailbox, path: 'Other' },
    { command: 'DELETE', mailbox, path: 'Other' },
  ]);
  stream.close();
});

test('what another worker does is heard as well, and soon', async () => {
  const { user, token, append } = await account();
  const stream = await listen(user, token);
  const times: number[] = [];
  for (let n = 1; n <= 20; n += 1) {
    const seen = (): number => commands(stream).filter((command) => command === 'EXISTS').length;
    await append(n % 2 === 0 ? other : api);
    const answered = performance.now();
    await waitFor(() => seen() === n, { intervalMs: 1 });
    times.push(performance.now() - answered);
  }
  times.sort((a, b) => a - b);
  // Some ms on a machine that does nothing else; without the beacon it would be the heartbeat's 15 s.
  assert.ok(times[10]! < 1_000, `half of the events came ${Math.round(times[10]!)} ms or more after the answer`);
  stream.close();
});

test('a listener that was away gets what it missed, once: from memory, and from the journal by another worker', async () => {
  const { user, token, append } = await account();
  const first = await listen(user, token);
  await append();
  await waitFor(() => first.ids.length === 1);
  const stays = await listen(user, token);
  first.close();
  const missed = [await append(), await append(other), await append()];
  const uids = (stream: Stream): number[] =>
    stream.events.filter((event) => event.command === 'EXISTS').map((event) => event.uid);
  const back = await listen(user, token, first.ids[0]);
  await waitFor(() => uids(back).length >= 3);
  assert.deepEqual(uids(back), missed);
  back.close();
  stays.close();
  // Nobody listens now: the next one has only the journal.
  const later = await append();
  const again = await listen(user, token, first.ids[0]);
  await waitFor(() => uids(again).length >= 4);
  const live = await append();
  await waitFor(() => uids(again).length >= 5);
  assert.deepEqual(uids(again), [...missed, later, live]);
  again.close();
});

test('a stream ends when its token is void, and only then', async () => {
  const { user, token } = await account();
  const keeps = (await api.store.accounts.tokens.create({ role: 'root' })).token;
  const stream = await listen(user, token);
  const root = await listen(user, keeps);
  await other.put(`/users/${user}`, { password: 'another secret' });
  await waitFor(() => stream.isEnded());
  assert.equal(root.isEnded(), false);
  root.close();
});

test('who may not, and what is no event id', async () => {
  const one = await account();
  const two = await account();
  assert.equal((await api.as(one.token).get(`/users/${two.user}/updates`)).body.code, 'MissingPrivileges');
  assert.equal((await api.get(`/users/${'c'.repeat(24)}/updates`)).body.code, 'UserNotFound');
  const bad = await api.get(`/users/${one.user}/updates`, {}, { headers: { 'last-event-id': 'nonsense' } });
  assert.equal(bad.body.code, 'InputValidationError');
});
