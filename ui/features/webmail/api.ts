/** What the webmail asks of the HTTP API. The person is always `me`. */
import { infiniteQueryOptions, type InfiniteData, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { Fault } from '../../lib/fault.ts';
import { apiPath, requestJson } from '../../lib/request.ts';

const addressSchema = z.looseObject({ name: z.string(), address: z.string() });
export type Address = z.output<typeof addressSchema>;

const attachmentSchema = z.looseObject({
  id: z.string(),
  filename: z.string(),
  contentType: z.string(),
  related: z.boolean().optional(),
  size: z.number().optional(),
  sizeKb: z.number(),
});
export type Attachment = z.output<typeof attachmentSchema>;

const flags = {
  seen: z.boolean(),
  flagged: z.boolean(),
  draft: z.boolean(),
  answered: z.boolean(),
  forwarded: z.boolean(),
};

const listedSchema = z.looseObject({
  id: z.number(),
  mailbox: z.string(),
  from: addressSchema.optional(),
  to: z.array(addressSchema),
  subject: z.string(),
  date: z.string(),
  idate: z.string(),
  intro: z.string(),
  attachments: z.boolean(),
  ...flags,
});
export type ListedMessage = z.output<typeof listedSchema>;

const pageSchema = z.looseObject({
  total: z.number(),
  nextCursor: z.union([z.string(), z.literal(false)]),
  results: z.array(listedSchema),
});
export type MessagePage = z.output<typeof pageSchema>;
export type MessagePages = InfiniteData<MessagePage, string>;

export const pageSize = 100;

/** A mailbox, newest first, or with a text everything in it (or everywhere) that fits the text. */
export function messagesQuery(mailbox: string | undefined, search: string) {
  return infiniteQueryOptions({
    queryKey: ['webmail', 'list', mailbox ?? '', search],
    queryFn: ({ pageParam, signal }): Promise<MessagePage> => readPage(mailbox, search, pageSize, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
    enabled: mailbox !== undefined || search !== '',
  });
}

export async function readPage(
  mailbox: string | undefined,
  search: string,
  limit: number,
  next = '',
  signal?: AbortSignal,
): Promise<MessagePage> {
  if (search !== '')
    return requestJson(pageSchema, 'GET', '/api/users/me/search', { query: { q: search, mailbox, limit, next }, signal });
  return requestJson(pageSchema, 'GET', `/api/users/me/mailboxes/${mailbox ?? ''}/messages`, { query: { limit, next }, signal });
}

const messageSchema = z.looseObject({
  id: z.number(),
  mailbox: z.string(),
  from: addressSchema.optional(),
  replyTo: z.array(addressSchema).optional(),
  to: z.array(addressSchema).optional(),
  cc: z.array(addressSchema).optional(),
  bcc: z.array(addressSchema).optional(),
  subject: z.string(),
  date: z.string(),
  text: z.string().optional(),
  html: z.array(z.string()).optional(),
  attachments: z.array(attachmentSchema).optional(),
  /** Of a draft: the message that it answers. */
  reference: z
    .looseObject({ mailbox: z.string(), id: z.number(), action: z.enum(['reply', 'replyAll', 'forward']) })
    .optional()
    .catch(undefined),
  ...flags,
});
export type Message = z.output<typeof messageSchema>;

export function messageQuery(mailbox: string, id: number) {
  return queryOptions<Message, Fault>({
    queryKey: ['webmail', 'message', mailbox, id],
    queryFn: ({ signal }) => requestJson(messageSchema, 'GET', messagePath(mailbox, id), { signal }),
    // A message never changes; its flags are kept fresh by the event stream.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function messagePath(mailbox: string, id: number): string {
  return `/api/users/me/mailboxes/${mailbox}/messages/${id}`;
}

/** For a frame: the text as a page of its own, fenced by the server. */
export function pageUrl(message: Pick<Message, 'mailbox' | 'id'>, options: { images: boolean; dark: boolean }): string {
  const path = apiPath(`${messagePath(message.mailbox, message.id)}/message.html`);
  return `${path}?images=${options.images ? 1 : 0}&dark=${options.dark ? 1 : 0}`;
}

export function attachmentUrl(message: Pick<Message, 'mailbox' | 'id'>, id: string): string {
  return apiPath(`${messagePath(message.mailbox, message.id)}/attachments/${id}`);
}

export function sourceUrl(message: Pick<Message, 'mailbox' | 'id'>): string {
  return apiPath(`${messagePath(message.mailbox, message.id)}/message.eml`);
}

export type FlagChange = Partial<Record<'seen' | 'flagged', boolean>>;
const done = z.looseObject({});
const movedSchema = z.looseObject({ id: z.array(z.tuple([z.number(), z.number()])).optional() });

export async function changeFlags(mailbox: string, ids: readonly number[], change: FlagChange): Promise<void> {
  await requestJson(done, 'PUT', `/api/users/me/mailboxes/${mailbox}/messages`, {
    body: { message: ids.join(','), ...change },
  });
}

/** @returns where they are now, for the way back */
export async function moveMessages(mailbox: string, ids: readonly number[], target: string): Promise<readonly number[]> {
  const { id = [] } = await requestJson(movedSchema, 'PUT', `/api/users/me/mailboxes/${mailbox}/messages`, {
    body: { message: ids.join(','), moveTo: target },
  });
  return id.map(([, to]) => to);
}

/** For good. */
export async function deleteMessages(mailbox: string, ids: readonly number[]): Promise<void> {
  for (const id of ids) await requestJson(done, 'DELETE', messagePath(mailbox, id));
}

export async function emptyMailbox(mailbox: string): Promise<void> {
  await requestJson(done, 'DELETE', `/api/users/me/mailboxes/${mailbox}/messages`);
}

export async function createMailbox(path: string): Promise<string> {
  const { id } = await requestJson(z.looseObject({ id: z.string() }), 'POST', '/api/users/me/mailboxes', { body: { path } });
  return id;
}

const addressesSchema = z.looseObject({
  results: z.array(z.looseObject({ address: z.string(), main: z.boolean().optional() })),
});

/** The addresses of one's own, the main one first. */
export const ownAddressesQuery = queryOptions<readonly string[], Fault>({
  queryKey: ['webmail', 'addresses'],
  queryFn: async ({ signal }) => {
    const { results } = await requestJson(addressesSchema, 'GET', '/api/users/me/addresses', { signal });
    return results
      .filter(({ address }) => !address.includes('*'))
      .toSorted((a, b) => Number(b.main === true) - Number(a.main === true))
      .map(({ address }) => address);
  },
  staleTime: 300_000,
});

const correspondentsSchema = z.looseObject({
  results: z.array(z.looseObject({ name: z.string().optional(), address: z.string() })),
});

/** Addresses of past mail that begin like this. */
export function correspondentsQuery(text: string) {
  return queryOptions<readonly { name?: string | undefined; address: string }[], Fault>({
    queryKey: ['webmail', 'correspondents', text],
    queryFn: async ({ signal }) =>
      (
        await requestJson(correspondentsSchema, 'GET', '/api/users/me/addressregister', {
          query: { query: text, limit: 8 },
          signal,
        })
      ).results,
    enabled: text.length >= 2,
    staleTime: 60_000,
  });
}

/** Keeps a file until the message is sent. @returns its id */
export async function uploadFile(file: Blob, name: string, signal?: AbortSignal): Promise<string> {
  const query = new URLSearchParams({ filename: name.slice(0, 255), contentType: file.type || 'application/octet-stream' });
  let response: Response;
  try {
    response = await fetch(`${apiPath('/api/users/me/storage')}?${query.toString()}`, {
      method: 'POST',
      credentials: 'same-origin',
      // Whatever it is: a JSON file is a file, too, and not a call's body.
      headers: { 'content-type': 'application/octet-stream', accept: 'application/json' },
      body: file,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    throw new Fault('Offline', 0, error instanceof Error ? error.message : String(error), { cause: error });
  }
  const answer: unknown = await response.json().catch(() => ({}));
  const made = z.looseObject({ id: z.string() }).safeParse(answer);
  if (response.ok && made.success) return made.data.id;
  const refusal = z.looseObject({ code: z.string().optional(), error: z.string().optional() }).safeParse(answer).data;
  throw new Fault(
    refusal?.code ?? (response.status === 413 ? 'TooLarge' : 'Internal'),
    response.status,
    refusal?.error ?? `HTTP ${response.status}`,
  );
}

export async function removeFile(id: string): Promise<void> {
  await requestJson(done, 'DELETE', `/api/users/me/storage/${id}`);
}

export interface Outgoing {
  readonly from?: Address | undefined;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly subject: string;
  readonly text: string;
  readonly files: readonly string[];
  readonly reference?: { mailbox: string; id: number; action: 'reply' | 'replyAll' | 'forward' } | undefined;
  /** The stored draft that this replaces. */
  readonly draft?: { mailbox: string; id: number } | undefined;
  readonly isDraft: boolean;
}

const submittedSchema = z.looseObject({ message: z.looseObject({ mailbox: z.string(), id: z.number() }) });

/** Sends, or keeps as a draft. @returns where the copy is */
export async function submit(message: Outgoing): Promise<{ mailbox: string; id: number }> {
  const { message: stored } = await requestJson(submittedSchema, 'POST', '/api/users/me/submit', { body: message });
  return { mailbox: stored.mailbox, id: stored.id };
}
