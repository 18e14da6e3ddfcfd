/** CAPABILITY, NOOP, LOGOUT, ID, ENABLE: commands about the connection itself. */
import { type CommandSpec, ANY_STATE, AUTHENTICATED, command, no, noArguments, ok } from '../command.ts';
import type { EnabledFeature } from '../session.ts';
import { enableFeature } from '../enable.ts';

const VERSION = '0.1.0';
/** RFC 2971 §3.3: at most 30 pairs, names up to 30 octets, values up to 1024. */
const MAX_ID_PAIRS = 30;

const capability = command({
  names: ['CAPABILITY'],
  states: ANY_STATE,
  rfc: '3501 §6.1.1',
  capabilities: () => ['IMAP4rev1', 'IMAP4rev2', 'LITERAL+'],
  expunge: 'yes',
  parse: noArguments,
  run: async ({ out, capabilities }) => {
    out.untagged(`CAPABILITY ${capabilities()}`);
  },
});

const noop = command({
  names: ['NOOP'],
  states: ANY_STATE,
  rfc: '3501 §6.1.2',
  expunge: 'yes',
  syncs: true,
  parse: noArguments,
  run: async () => {},
});

const logout = command({
  names: ['LOGOUT'],
  states: ANY_STATE,
  rfc: '3501 §6.1.3',
  expunge: 'no',
  parse: noArguments,
  run: async ({ out, session }) => {
    out.untaggedStatus('BYE', 'Logging out');
    session.logout();
  },
});

type IdArguments = readonly (readonly [string, string | null])[];

const id = command<IdArguments>({
  names: ['ID'],
  states: ANY_STATE,
  rfc: '2971',
  capabilities: () => ['ID'],
  expunge: 'yes',
  parse: (args) => {
    args.expectSp();
    const pairs: (readonly [string, string | null])[] = [];
    if (args.tryWord('NIL')) {
      args.expectEnd();
      return pairs;
    }
    args.expectList(
      () => {
        const field = args.expectString('a field name').toString('utf8');
        args.expectSp();
        const value = args.expectNstring();
        if (pairs.length >= MAX_ID_PAIRS) throw args.fault('Too many fields');
        pairs.push([field, value === null ? null : value.toString('utf8')]);
      },
      { allowEmpty: true },
    );
    args.expectEnd();
    return pairs;
  },
  run: async ({ out, client, log }, pairs) => {
    const value = (name: string): string | undefined => pairs.find(([field]) => field.toLowerCase() === name)?.[1] ?? undefined;
    const name = value('name');
    if (name !== undefined) {
      client.clientName = `${name} ${value('version') ?? ''}`.trim().slice(0, 100);
      log.info('client', { client: client.clientName });
    }
    out.raw(`* ID ("name" "Mallard" "version" "${VERSION}")`).crlf();
  },
});

const FEATURES: readonly EnabledFeature[] = ['CONDSTORE', 'QRESYNC', 'UTF8=ACCEPT', 'IMAP4rev2', 'UIDONLY', 'METADATA'];
/** What this server can switch on; the others are ignored, as RFC 5161 §3.1 asks. */
const ENABLABLE: ReadonlySet<EnabledFeature> = new Set(FEATURES);

const enable = command<readonly string[]>({
  names: ['ENABLE'],
  states: AUTHENTICATED,
  rfc: '5161, 6855 §3',
  capabilities: ({ state }) => (state === 'not-authenticated' ? ['ENABLE'] : ['ENABLE', 'UTF8=ACCEPT', 'UIDONLY']),
  expunge: 'yes',
  parse: (args) => {
    const words: string[] = [];
    args.expectSp();
    do words.push(args.expectAtom('a capability').toUpperCase());
    while (args.trySp());
    args.expectEnd();
    return words;
  },
  run: async (context, words) => {
    const done: string[] = [];
    for (const feature of FEATURES) {
      if (!words.includes(feature.toUpperCase()) || !ENABLABLE.has(feature)) continue;
      if (enableFeature(context, feature)) done.push(feature);
      // RFC 5464 §4.1: from now on the client hears of changed annotations.
      if (feature === 'METADATA') await context.session.watchMetadata(context.ops, () => context.client.wake()).learn(context);
    }
    context.out.untagged(['ENABLED', ...done].join(' '));
    return ok('ENABLE completed');
  },
});

/** English is what the server speaks; `i-default` is that too (RFC 5255 §3.2). */
const LANGUAGES: ReadonlySet<string> = new Set(['en', 'i-default', 'default', '*']);

const language = command<readonly string[]>({
  names: ['LANGUAGE'],
  states: ANY_STATE,
  rfc: '5255 §3',
  capabilities: () => ['LANGUAGE'],
  expunge: 'yes',
  parse: (args) => {
    const ranges: string[] = [];
    while (args.trySp()) ranges.push(args.expectText('a language range').toLowerCase());
    args.expectEnd();
    return ranges;
  },
  run: async ({ out }, ranges) => {
    if (ranges.length === 0) {
      out.untagged('LANGUAGE (EN i-default)');
      return ok('Supported languages');
    }
    if (!ranges.some((range) => LANGUAGES.has(range) || range.startsWith('en-')))
      return no('None of these languages is supported');
    out.untagged('LANGUAGE (EN)');
    return ok('LANGUAGE completed');
  },
});

const unauthenticate = command({
  names: ['UNAUTHENTICATE'],
  states: AUTHENTICATED,
  rfc: '8437',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['UNAUTHENTICATE']),
  expunge: 'no',
  parse: noArguments,
  run: async ({ session, client, out }) => {
    if (client.compressed) client.endCompression();
    session.unauthenticate();
    client.releaseUser();
    out.utf8 = false;
    return ok('UNAUTHENTICATE completed');
  },
});

export const basicCommands: readonly CommandSpec[] = [capability, noop, logout, id, enable, language, unauthenticate];
