/** The supervisor's limits, as the contract says what they are. */
import type { SupervisorLimits } from './contract.ts';

export const defaultLimits: SupervisorLimits = {
  backoffFirstMs: 1000,
  backoffLongestMs: 60_000,
  crashesToFail: 5,
  crashWindowMs: 10 * 60_000,
  startTimeoutMs: { mongod: 5 * 60_000, valkey: 30_000, worker: 60_000 },
  stopTimeoutMs: { mongod: 60_000, valkey: 10_000, worker: 30_000 },
  probeEveryMs: 10_000,
  probeFailuresToRestart: 6,
  sampleMemoryEveryMs: 10_000,
  keptLines: 50,
  maxLineBytes: 64 * 1024,
};
