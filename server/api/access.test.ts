import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiActor } from '../operations/accounts-tokens.ts';
import type { UserId } from '../mail/ids.ts';
import { mayCall } from './access.ts';
import type { Access } from './contract/route.ts';

const ANN = 'a'.repeat(24);
const BOB = 'b'.repeat(24);
const actor = (role: ApiActor['role'], more: Partial<ApiActor> = {}): ApiActor => ({
  role,
  user: undefined,
  token: undefined,
  grants: [],
  domains: [],
  ...more,
});
const any = (right: string): Access => ({ right, own: false }) as Access;
const own = (right: string): Access => ({ right, own: true }) as Access;

test('who may call what', () => {
  const ann = { user: ANN as UserId };
  const table: readonly (readonly [string, ApiActor, Access, string | undefined, boolean])[] = [
    ['root does everything', actor('root'), any('settings:create'), undefined, true],
    ['but audits', actor('root'), any('audit:read'), undefined, false],
    ['and exports', actor('root'), any('export:create'), undefined, false],
    ['an auditor audits', actor('audit'), any('audit:update'), undefined, true],
    ['and nothing else', actor('audit'), any('users:read'), undefined, false],
    ['a reader reads', actor('readonly'), own('messages:read'), BOB, true],
    ['and writes nothing', actor('readonly'), own('messages:update'), BOB, false],
    ['and sees no audit', actor('readonly'), any('audit:read'), undefined, false],
    ['a user has the own things', actor('user', ann), own('messages:update'), ANN, true],
    ['not those of others', actor('user', ann), own('messages:update'), BOB, false],
    ['nor what is nobody’s', actor('user', ann), own('messages:update'), undefined, false],
    ['nor what is not for users', actor('user', ann), any('users:delete'), ANN, false],
    ['a grant for all', actor('custom', { grants: ['users:read:any'] }), own('users:read'), BOB, true],
    ['is for that action only', actor('custom', { grants: ['users:read:any'] }), own('users:update'), BOB, false],
    ['a grant for the own', actor('custom', { ...ann, grants: ['users:read:own'] }), own('users:read'), ANN, true],
    ['is for the own only', actor('custom', { ...ann, grants: ['users:read:own'] }), own('users:read'), BOB, false],
    ['and not where nothing is own', actor('custom', { ...ann, grants: ['users:read:own'] }), any('users:read'), ANN, false],
    ['whoever asks', actor('custom'), 'open', undefined, true],
  ];
  for (const [what, who, access, user, expected] of table) assert.equal(mayCall(who, access, user), expected, what);
});
