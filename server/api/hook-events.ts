/** Which calls of the API are events for web hooks, as data: what they are called, and what is told of them. Passwords and tokens never are. */
import type { HookEvent } from '../operations/webhooks.ts';

type Fields = Readonly<Record<string, unknown>>;
type Build = (input: Fields, answer: Fields) => HookEvent | undefined;

/** Fields of the input that are told, besides the user. */
const event =
  (type: string, ...names: readonly string[]): Build =>
  (input, answer) => ({
    type,
    user: text(input['user']) ?? undefined,
    ...Object.fromEntries(names.map((name) => [name, input[name] ?? answer[name]]).filter(([, value]) => value !== undefined)),
  });

const EVENTS: Readonly<Record<string, Build>> = {
  createUser: (input, answer) => ({ type: 'user.created', user: text(answer['id']), username: input['username'] }),
  updateUser: (input) => {
    if (input['password'] !== undefined) return { type: 'user.password.changed', user: text(input['user']) };
    return { type: 'user.changed', user: text(input['user']) };
  },
  deleteUser: event('user.delete.started', 'deleteAfter'),
  cancelUserDelete: event('user.delete.cancelled'),
  createUserAddress: (input, answer) => ({
    type: 'address.user.created',
    user: text(input['user']),
    address: answer['id'],
    name: input['address'],
  }),
  updateUserAddress: event('address.user.changed', 'id'),
  deleteUserAddress: event('address.user.deleted', 'address'),
  createForwardedAddress: (input, answer) => ({
    type: 'address.forwarded.created',
    address: answer['id'],
    name: input['address'],
  }),
  updateForwardedAddress: event('address.forwarded.changed', 'id'),
  deleteForwardedAddress: event('address.forwarded.deleted', 'address'),
  renameDomain: event('address.domain.renamed', 'oldDomain', 'newDomain'),
  createMailbox: (input, answer) => ({
    type: 'mailbox.created',
    user: text(input['user']),
    mailbox: answer['id'],
    path: input['path'],
  }),
  updateMailbox: (input) =>
    input['path'] === undefined
      ? undefined
      : { type: 'mailbox.renamed', user: text(input['user']), mailbox: input['mailbox'], path: input['path'] },
  deleteMailbox: event('mailbox.deleted', 'mailbox'),
  createFilter: (input, answer) => ({ type: 'filter.created', user: text(input['user']), filter: answer['id'] }),
  updateFilter: event('filter.changed', 'filter'),
  deleteFilter: event('filter.deleted', 'filter'),
  updateAutoreply: (input) => {
    if (input['status'] === undefined) return undefined;
    return { type: input['status'] === true ? 'autoreply.user.enabled' : 'autoreply.user.disabled', user: text(input['user']) };
  },
  deleteAutoreply: event('autoreply.user.disabled'),
  createASP: (input, answer) => ({
    type: 'asp.created',
    user: text(input['user']),
    asp: answer['id'],
    description: input['description'],
  }),
  deleteASP: event('asp.deleted', 'asp'),
  enableTOTPSeed: event('mfa.totp.enabled'),
  disableTOTPAuth: event('mfa.totp.disabled'),
  enableCustom2FA: event('mfa.custom.enabled'),
  disableCustom2FA: event('mfa.custom.disabled'),
  disable2FA: event('mfa.disabled'),
  createDomainAlias: (input, answer) => ({
    type: 'domainalias.created',
    domainalias: answer['id'],
    alias: input['alias'],
    domain: input['domain'],
  }),
  deleteDomainAlias: event('domainalias.deleted', 'alias'),
  updateDkimKey: (input, answer) => ({
    type: 'dkim.created',
    dkim: answer['id'],
    domain: input['domain'],
    selector: input['selector'],
  }),
  deleteDkimKey: event('dkim.deleted', 'dkim'),
  createList: (input, answer) => ({ type: 'list.created', list: answer['id'], name: input['address'] }),
  updateList: event('list.changed', 'list'),
  deleteList: event('list.deleted', 'list'),
  submitMessage: (_input, answer) => ({ type: 'message.submitted', user: text(_input['user']), message: answer['message'] }),
};

/** The event that a successful call is, if it is one. */
export function hookEventOf(operation: string, input: unknown, answer: unknown): HookEvent | undefined {
  const build = EVENTS[operation];
  if (build === undefined || typeof answer !== 'object' || answer === null) return undefined;
  return build(input as Fields, answer as Fields);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
