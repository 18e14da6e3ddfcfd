/** Users' Sieve scripts: kept by name, checked before they are kept, one of them working. */
import { createHash } from 'node:crypto';
import { compileScript } from '../sieve/binder.ts';
import { MAX_SCRIPT_BYTES } from '../sieve/lexer.ts';
import { DuplicateRecord } from '../store/records.ts';
import type { SieveTables } from '../store/sieve-tables.ts';
import type { SieveTrouble } from '../store/types-sieve.ts';
import { InvalidInput, Refusal } from './refusal.ts';

export type SieveScriptInfo = {
  readonly name: string;
  readonly active: boolean;
  readonly sizeBytes: number;
  readonly updated: Date;
};
export type SieveScript = { readonly id: string; readonly name: string; readonly text: string };

export type SieveScripts = {
  readonly list: (user: string) => Promise<readonly SieveScriptInfo[]>;
  /** Refusal ScriptNotFound. */
  readonly get: (user: string, name: string) => Promise<string>;
  /** Keeps a script, in place of one of that name. Throws SieveFault (with the line) when it is wrong, Refusal TooMany, InvalidInput for the name. */
  readonly put: (user: string, name: string, text: string) => Promise<void>;
  /** Whether `put` would have room. Throws as it does. */
  readonly haveSpace: (user: string, name: string, sizeBytes: number) => Promise<void>;
  /** Refusals ScriptNotFound, ScriptActive. */
  readonly remove: (user: string, name: string) => Promise<void>;
  /** One that works goes on working. Refusals ScriptNotFound, ScriptExists. */
  readonly rename: (user: string, from: string, to: string) => Promise<void>;
  /** Undefined: none works. */
  readonly activate: (user: string, name: string | undefined) => Promise<void>;
  readonly active: (user: string) => Promise<SieveScript | undefined>;
  readonly trouble: (user: string) => Promise<SieveTrouble | undefined>;
  readonly tellTrouble: (user: string, trouble: SieveTrouble) => Promise<void>;
  readonly isMarked: (user: string, mark: string, now: Date) => Promise<boolean>;
  readonly mark: (user: string, mark: string, until: Date) => Promise<void>;
  readonly removeAll: (user: string) => Promise<void>;
};

const MAX_SCRIPTS = 50;
const MAX_NAME_CHARS = 128;

export function createSieveScripts({ scripts, states, marks }: SieveTables): SieveScripts {
  const expect = async (user: string, name: string) => {
    const found = await scripts.findOne({ user, name });
    if (found === undefined) throw new Refusal('ScriptNotFound', 'There is no script of this name');
    return found;
  };
  const activeId = async (user: string): Promise<string | undefined> => (await states.findOne({ user }))?.active ?? undefined;
  const haveSpace: SieveScripts['haveSpace'] = async (user, name, sizeBytes) => {
    checkName(name);
    if (sizeBytes > MAX_SCRIPT_BYTES) throw new Refusal('TooMany', `A script has at most ${MAX_SCRIPT_BYTES} octets`);
    const others = await scripts.count({ user, name: { notIn: [name] } });
    if (others >= MAX_SCRIPTS) throw new Refusal('TooMany', `At most ${MAX_SCRIPTS} scripts`);
  };
  const keyOf = (mark: string): Buffer => createHash('sha256').update(mark).digest();

  return {
    haveSpace,
    list: async (user) => {
      const [found, active] = await Promise.all([scripts.find({ user }, { sort: { name: 1 } }), activeId(user)]);
      return found.map(({ id, name, text, updated }) => ({
        name,
        active: id === active,
        sizeBytes: Buffer.byteLength(text),
        updated,
      }));
    },
    get: async (user, name) => (await expect(user, name)).text,
    put: async (user, name, text) => {
      await haveSpace(user, name, Buffer.byteLength(text));
      compileScript(text);
      const set = { text, updated: new Date() };
      if ((await scripts.update({ user, name }, { set })) !== undefined) return;
      try {
        await scripts.insert({ user, name, ...set });
      } catch (error) {
        // Made by another session this moment: the later one counts.
        if (!(error instanceof DuplicateRecord)) throw error;
        await scripts.update({ user, name }, { set });
      }
    },
    remove: async (user, name) => {
      const { id } = await expect(user, name);
      if (id === (await activeId(user))) throw new Refusal('ScriptActive', 'This script works: switch it off first');
      await scripts.delete({ id, user });
    },
    rename: async (user, from, to) => {
      checkName(to);
      const { id } = await expect(user, from);
      try {
        await scripts.update({ id, user }, { set: { name: to } });
      } catch (error) {
        if (!(error instanceof DuplicateRecord)) throw error;
        throw new Refusal('ScriptExists', 'There is a script of this name already', { cause: error });
      }
    },
    activate: async (user, name) => {
      const active = name === undefined ? null : (await expect(user, name)).id;
      await states.upsert({ user }, { set: { active }, unset: ['trouble'] });
    },
    active: async (user) => {
      const id = await activeId(user);
      const found = id === undefined ? undefined : await scripts.findOne({ id, user });
      return found === undefined ? undefined : { id: found.id, name: found.name, text: found.text };
    },
    trouble: async (user) => (await states.findOne({ user }))?.trouble,
    tellTrouble: async (user, trouble) => {
      await states.update({ user }, { set: { trouble } });
    },
    isMarked: async (user, mark, now) => (await marks.findOne({ user, mark: keyOf(mark), expires: { from: now } })) !== undefined,
    mark: async (user, mark, until) => {
      await marks.upsert({ user, mark: keyOf(mark) }, { set: { expires: until } });
    },
    removeAll: async (user) => {
      for (const table of [states, scripts, marks]) await table.delete({ user });
    },
  };
}

/** RFC 5804 §1.6: no controls, no line and paragraph separators. */
function checkName(name: string): void {
  if (name === '' || Array.from(name).length > MAX_NAME_CHARS || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name)) {
    throw new InvalidInput('name', `must have 1 to ${MAX_NAME_CHARS} characters, and none that control something`);
  }
}
