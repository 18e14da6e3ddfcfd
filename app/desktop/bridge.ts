/**
 * The one object that pages get from the desktop app, `window.mallardDesktop`: its calls, its one event, and the schemas that both sides check.
 *
 * A page may ask for what only a desktop can do (choose a folder, start at sign-in, quit). It can name no file, run no program, and reach nothing
 * of Electron. Everything about mail and services goes over the control API instead, the same as in a browser.
 */
import { z } from 'zod';

const none = z.undefined();

export const preferencesSchema = z.strictObject({
  /** Closing the window leaves the app in the tray. Off: closing the window is quitting. */
  closeToTray: z.boolean(),
  /** The window stays hidden when the app is started by the sign-in. */
  startHidden: z.boolean(),
  /** This computer does not go to sleep by itself while the mail server runs. */
  keepAwake: z.boolean(),
  /** Start with the person's sign-in. Never set by the app itself. */
  openAtLogin: z.boolean(),
});
export type Preferences = z.output<typeof preferencesSchema>;

export const updateStateSchema = z.strictObject({
  phase: z.enum(['unavailable', 'idle', 'checking', 'available', 'downloading', 'ready', 'installing', 'failed']),
  version: z.string().optional(),
  /** 0 to 100. */
  percent: z.number().optional(),
  message: z.string().optional(),
});
export type UpdateState = z.output<typeof updateStateSchema>;

export const desktopStateSchema = z.strictObject({
  /** child: it ends with the desktop app. attached: it was running before and goes on after. */
  home: z.enum(['none', 'child', 'attached']),
  phase: z.enum(['starting', 'connected', 'stopping', 'stopped', 'failed']),
  /** What it says while it starts, or why it failed. Newest last. */
  lines: z.array(z.string()),
  dataDir: z.string(),
  platform: z.string(),
  version: z.string(),
  language: z.enum(['en', 'de']),
  update: updateStateSchema,
});
export type DesktopState = z.output<typeof desktopStateSchema>;

export interface BridgeCall<Input extends z.ZodType, Output extends z.ZodType> {
  readonly input: Input;
  readonly output: Output;
}
function call<Input extends z.ZodType, Output extends z.ZodType>(input: Input, output: Output): BridgeCall<Input, Output> {
  return { input, output };
}

export const bridgeCalls = {
  state: call(none, desktopStateSchema),
  preferences: call(none, preferencesSchema),
  setPreferences: call(preferencesSchema.partial(), preferencesSchema),
  /** The system's folder dialog. null: cancelled. */
  chooseFolder: call(
    z.strictObject({ title: z.string().max(200).optional(), startIn: z.string().max(4096).optional() }),
    z.string().nullable(),
  ),
  openDataFolder: call(none, none),
  /** The page's session ended: the window is signed in anew. */
  signInAgain: call(none, none),
  /** After phase failed or stopped. */
  startServer: call(none, none),
  /** Asks the person first. */
  stopAndQuit: call(none, none),
  checkForUpdate: call(none, updateStateSchema),
  downloadUpdate: call(none, updateStateSchema),
  /** Stops the mail server, keeps a copy of its data, installs, and starts again. Asks first. */
  installUpdate: call(none, none),
} as const;

export type BridgeCallName = keyof typeof bridgeCalls;
export type BridgeInput<Name extends BridgeCallName> = z.input<(typeof bridgeCalls)[Name]['input']>;
export type BridgeOutput<Name extends BridgeCallName> = z.output<(typeof bridgeCalls)[Name]['output']>;

/** What `window.mallardDesktop` is. */
export type DesktopBridge = {
  readonly [Name in BridgeCallName]: (
    ...input: BridgeInput<Name> extends undefined ? [] : [BridgeInput<Name>]
  ) => Promise<BridgeOutput<Name>>;
} & {
  /** Called with each new state. @returns the end of it */
  readonly onState: (listener: (state: DesktopState) => void) => () => void;
};

export const bridgeName = 'mallardDesktop';
export const callChannel = 'mallard:call';
export const stateChannel = 'mallard:state';

export function isBridgeCallName(name: unknown): name is BridgeCallName {
  return typeof name === 'string' && Object.hasOwn(bridgeCalls, name);
}
