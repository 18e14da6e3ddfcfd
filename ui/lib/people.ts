/** Users of the mail server, as the HTTP API lists them. Only what the GUI shows is read. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from './fault.ts';
import { requestJson } from './request.ts';

const quotaSchema = z.looseObject({ allowed: z.number(), used: z.number() });
const cursor = z.union([z.string(), z.literal(false)]);

export const personEntrySchema = z.looseObject({
  id: z.string(),
  username: z.string(),
  name: z.string().optional(),
  address: z.string().nullish(),
  quota: quotaSchema.optional(),
  disabled: z.boolean().optional(),
  suspended: z.boolean().optional(),
  autoreply: z.boolean().optional(),
  targets: z.array(z.string()).optional(),
  enabled2fa: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
  lastSignIn: z.string().nullish(),
});
export type PersonEntry = z.output<typeof personEntrySchema>;

export const peoplePageSchema = z.looseObject({
  total: z.number(),
  nextCursor: cursor,
  results: z.array(personEntrySchema),
});
export type PeoplePage = z.output<typeof peoplePageSchema>;

export const peoplePageSize = 100;

export const peopleSorts = ['username', '-username', 'name', '-name', 'lastSignIn', '-lastSignIn'] as const;
export type PeopleSort = (typeof peopleSorts)[number];

/** The list, a page at a time, as the server orders it. */
export function peopleQuery(search: string, sort: PeopleSort = 'username') {
  return infiniteQueryOptions({
    queryKey: ['people', 'list', search, sort],
    queryFn: ({ pageParam, signal }): Promise<PeoplePage> =>
      requestJson(peoplePageSchema, 'GET', '/api/users', {
        query: { query: search, limit: peoplePageSize, next: pageParam, ...(sort === 'username' ? {} : { sort }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
    placeholderData: keepPreviousData,
  });
}

/** A few people, for fields that suggest. */
export function peopleSearchQuery(search: string, limit = 20) {
  return queryOptions<PeoplePage, Fault>({
    queryKey: ['people', 'search', search, limit],
    queryFn: ({ signal }) => requestJson(peoplePageSchema, 'GET', '/api/users', { query: { query: search, limit }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Unlimited is 0 on the wire. */
export function quotaOf(person: { quota?: { allowed: number; used: number } | undefined }): {
  used: number;
  allowed: number | undefined;
} {
  const { used = 0, allowed = 0 } = person.quota ?? {};
  return { used, allowed: allowed > 0 ? allowed : undefined };
}

export function displayName(person: {
  name?: string | undefined;
  username: string;
  address?: string | null | undefined;
}): string {
  return person.name !== undefined && person.name !== '' ? person.name : (person.address ?? person.username);
}

export const personSchema = personEntrySchema.extend({
  language: z.string().nullish(),
  retention: z.union([z.number(), z.boolean()]).optional(),
  spamLevel: z.number().optional(),
  disabledScopes: z.array(z.string()).optional(),
  limits: z.looseObject({ quota: quotaSchema.optional() }).optional(),
  requirePasswordChange: z.boolean().optional(),
});
export type Person = z.output<typeof personSchema>;

/** With the quota where lists have it. */
export function withQuota(found: Person): Person {
  return { ...found, quota: found.limits?.quota ?? found.quota };
}

export function personQuery(id: string) {
  return queryOptions<Person, Fault>({
    queryKey: ['people', 'one', id],
    queryFn: async ({ signal }) => withQuota(await requestJson(personSchema, 'GET', `/api/users/${id}`, { signal })),
  });
}

const created = z.looseObject({ id: z.string() });
const done = z.looseObject({});

export interface NewPerson {
  readonly name: string;
  readonly address: string;
  readonly password: string;
  /** Bytes; 0 is unlimited. */
  readonly quota: number;
}

export async function createPerson(wanted: NewPerson): Promise<string> {
  const { id } = await requestJson(created, 'POST', '/api/users', {
    body: {
      username: wanted.address,
      address: wanted.address,
      name: wanted.name,
      password: wanted.password,
      quota: wanted.quota,
    },
  });
  return id;
}

export type PersonChange = Partial<{
  name: string;
  quota: number;
  disabled: boolean;
  password: string;
  targets: readonly string[];
  disabledScopes: readonly string[];
}>;

export async function updatePerson(id: string, change: PersonChange): Promise<void> {
  await requestJson(done, 'PUT', `/api/users/${id}`, { body: change });
}

/** How long a removal can be undone. */
const undoMs = 30 * 86_400_000;

/** Gone at once for everybody who writes or signs in; the mail stays for a month. */
export async function removePerson(id: string): Promise<void> {
  await requestJson(done, 'DELETE', `/api/users/${id}`, {
    query: { deleteAfter: new Date(Date.now() + undoMs).toISOString() },
  });
}

/** Ends the IMAP and POP3 sessions of a person. */
export async function signOutPerson(id: string): Promise<void> {
  await requestJson(done, 'PUT', `/api/users/${id}/logout`, { body: {} });
}

/** All second factors of a person, for who has lost them. */
export async function turnOffSecondFactor(id: string): Promise<void> {
  await requestJson(done, 'DELETE', `/api/users/${id}/2fa`);
}

/** Four groups of five letters and digits without look-alikes: 97 bits, and readable over the phone. */
export function makePassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = (): string =>
    Array.from({ length: 5 }, () => {
      // Values beyond the last whole multiple would favour the first letters.
      for (;;) {
        const value = crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
        if (value < 256 - (256 % letters.length)) return letters[value % letters.length];
      }
    }).join('');
  return [group(), group(), group(), group()].join('-');
}

/** By the person; the old password is the proof. Everything that was signed in with it ends. */
export async function changeOwnPassword(existingPassword: string, password: string): Promise<void> {
  await requestJson(done, 'PUT', '/api/users/me', { body: { existingPassword, password, allowUnsafe: false } });
}
