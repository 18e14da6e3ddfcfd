/** Gives pages the bridge, and nothing else. Runs sandboxed: only contextBridge and ipcRenderer exist here. */
import { contextBridge, ipcRenderer } from 'electron';
import {
  type BridgeCallName,
  bridgeCalls,
  bridgeName,
  callChannel,
  type DesktopBridge,
  type DesktopState,
  desktopStateSchema,
  stateChannel,
} from '../bridge.ts';

const names = Object.keys(bridgeCalls) as BridgeCallName[];

async function invoke(name: BridgeCallName, input: unknown): Promise<unknown> {
  const checked = bridgeCalls[name].input.parse(input);
  return bridgeCalls[name].output.parse(await ipcRenderer.invoke(callChannel, name, checked));
}

const bridge = {
  ...Object.fromEntries(names.map((name) => [name, (input?: unknown) => invoke(name, input)])),
  onState: (listener: (state: DesktopState) => void) => {
    const forward = (_event: unknown, state: unknown): void => listener(desktopStateSchema.parse(state));
    ipcRenderer.on(stateChannel, forward);
    return () => void ipcRenderer.off(stateChannel, forward);
  },
} as DesktopBridge;

contextBridge.exposeInMainWorld(bridgeName, bridge);
