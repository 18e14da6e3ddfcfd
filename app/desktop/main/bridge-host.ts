/** Answers the bridge: only calls of the contract, only from the top frame of a page of ours, only with input that fits. */
import { ipcMain } from 'electron';
import {
  type BridgeCallName,
  bridgeCalls,
  type BridgeInput,
  type BridgeOutput,
  callChannel,
  isBridgeCallName,
} from '../bridge.ts';
import { mayCallBridge, type Places } from './fences.ts';

type Answer<Output> = [Output] extends [undefined] ? void : Output;
export type BridgeHandlers = {
  readonly [Name in BridgeCallName]: (
    input: BridgeInput<Name>,
  ) => Promise<Answer<BridgeOutput<Name>>> | Answer<BridgeOutput<Name>>;
};

export function hostBridge(handlers: BridgeHandlers, places: () => Places): void {
  ipcMain.handle(callChannel, async (event, name: unknown, input: unknown) => {
    const frame = event.senderFrame;
    if (frame === null || frame.parent !== null || !mayCallBridge(frame.url, places())) throw new Error('not allowed here');
    if (!isBridgeCallName(name)) throw new Error('there is no such call');
    const { input: inputSchema, output: outputSchema } = bridgeCalls[name];
    const handler = handlers[name] as (input: unknown) => unknown;
    return outputSchema.parse(await handler(inputSchema.parse(input)));
  });
}
