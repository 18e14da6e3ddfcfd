/** Sieve scripts as they are kept. */

export type SieveScriptFields = {
  readonly user: string;
  readonly name: string;
  readonly text: string;
  readonly updated: Date;
};

/** What went wrong when a script last ran; the message was kept. */
export type SieveTrouble = { readonly at: Date; readonly script: string; readonly line: number; readonly text: string };

export type SieveStateFields = {
  readonly user: string;
  /** Id of the script that works; absent or null = none. */
  readonly active?: string | null;
  readonly trouble?: SieveTrouble;
};

/** A message that `duplicate` asked for. */
export type SieveMarkFields = { readonly user: string; readonly mark: Buffer; readonly expires: Date };
